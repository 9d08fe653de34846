-- Replay with an idempotency key, in the producer, after replay_job in the same batch: the entry that has the key, which
-- is the new one or the one of an earlier request. Reads only.
SELECT id, request_hash
FROM audit_log
WHERE tenant_id = ?1 AND action = ?2 AND idempotency_key = ?3
