-- Submit with an idempotency key, in the producer, before insert_job in the same batch: the key of a job that is a day old
-- is free again. ?4 the latest creation whose key is given up.
-- Safe to repeat: the row leaves the condition with the update.
UPDATE jobs
SET idempotency_key = NULL, request_hash = NULL
WHERE tenant_id = ?1 AND kind = ?2 AND idempotency_key = ?3 AND created_at_ms <= ?4
