-- Submit with an idempotency key, in the producer: the job that has the key. After insert_job in the same batch it is the
-- new one or the one of an earlier request; by itself, for a request that is refused, it is the one of an earlier request.
-- ?4 the latest creation whose key is given up. Reads only.
SELECT id, request_hash
FROM jobs
WHERE tenant_id = ?1 AND kind = ?2 AND idempotency_key = ?3 AND created_at_ms > ?4
