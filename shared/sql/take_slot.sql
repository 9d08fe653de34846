-- Limits, in the consumer, after forget_slots and count_minute in the same batch: a slot of a provider that may have so
-- many calls at a time. ?1 the provider; ?2 the call; ?3 now; ?4 until when it is taken; ?5 calls at a time; ?6 is 1 when
-- calls are counted by the minute as well: then only a call that was counted gets a slot.
-- Safe to repeat: a call has one slot at most, which stays as it is.
INSERT INTO provider_slots (provider, holder, taken_at_ms, until_ms)
SELECT ?1, ?2, ?3, ?4
WHERE (SELECT count(*) FROM provider_slots WHERE provider = ?1) < ?5
  AND (?6 = 0 OR EXISTS (SELECT 1 FROM provider_minutes WHERE provider = ?1 AND latest_holder = ?2))
ON CONFLICT (provider, holder) DO NOTHING
