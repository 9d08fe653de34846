-- Limits, in the consumer, after count_minute and take_slot in the same batch: what a call got, and what it waits for.
-- ?1 the provider; ?2 the call. Reads only.
SELECT
  EXISTS (SELECT 1 FROM provider_slots WHERE provider = ?1 AND holder = ?2) AS has_slot,
  EXISTS (SELECT 1 FROM provider_minutes WHERE provider = ?1 AND latest_holder = ?2) AS is_counted,
  (SELECT count(*) FROM provider_slots WHERE provider = ?1) AS taken,
  (SELECT min(taken_at_ms) FROM provider_slots WHERE provider = ?1) AS oldest_at_ms,
  (SELECT minute_at_ms FROM provider_minutes WHERE provider = ?1) AS minute_at_ms
