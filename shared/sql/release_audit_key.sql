-- Replay with an idempotency key, in the producer, before insert_audit_of_replay in the same batch: the key of a request
-- that is a day old is free again. ?4 the latest entry whose key is given up.
-- Safe to repeat: the row leaves the condition with the update.
UPDATE audit_log
SET idempotency_key = NULL, request_hash = NULL
WHERE tenant_id = ?1 AND action = ?2 AND idempotency_key = ?3 AND at_ms <= ?4
