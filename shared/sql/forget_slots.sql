-- Limits, in the consumer, before count_minute and take_slot in the same batch: slots whose holders died.
-- ?1 the provider; ?2 now. Safe to repeat: the rows are gone.
DELETE FROM provider_slots
WHERE provider = ?1 AND until_ms <= ?2
