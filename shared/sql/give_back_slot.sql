-- Limits, in the consumer: a call is over, and its slot is free. ?1 the provider; ?2 the call.
-- Safe to repeat: the row is gone.
DELETE FROM provider_slots
WHERE provider = ?1 AND holder = ?2
