-- Limits, in the consumer, before take_slot in the same batch: counts a call of a provider that may have so many a minute.
-- ?1 the provider; ?2 the call; ?3 when this minute began; ?4 calls a minute; ?5 calls at a time, NULL: no limit of those.
-- A call that will get no slot is not counted. A machine whose clock is behind counts into the minute of the others.
-- Safe to repeat: a call that has its slot, or was counted last, is not counted again.
INSERT INTO provider_minutes (provider, minute_at_ms, calls, latest_holder)
SELECT ?1, ?3, 1, ?2
WHERE ?5 IS NULL OR (
  NOT EXISTS (SELECT 1 FROM provider_slots WHERE provider = ?1 AND holder = ?2)
  AND (SELECT count(*) FROM provider_slots WHERE provider = ?1) < ?5
)
ON CONFLICT (provider) DO UPDATE
SET
  calls = iif(minute_at_ms < excluded.minute_at_ms, 1, calls + 1),
  minute_at_ms = max(minute_at_ms, excluded.minute_at_ms),
  latest_holder = excluded.latest_holder
WHERE latest_holder <> excluded.latest_holder AND (minute_at_ms < excluded.minute_at_ms OR calls < ?4)
