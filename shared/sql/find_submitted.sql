-- Submit with an idempotency key, in the producer, after insert_job in the same batch: the job that has the key, which is
-- the new one or the one of an earlier request. Reads only.
SELECT id, request_hash
FROM jobs
WHERE tenant_id = ?1 AND kind = ?2 AND idempotency_key = ?3
