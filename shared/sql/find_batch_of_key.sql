-- Submit with an idempotency key, in the producer: the batch that has it. Reads only.
-- ?2 key; ?3 the latest instant of a submit whose key is given up.
SELECT id, request_hash FROM batches WHERE tenant_id = ?1 AND idempotency_key = ?2 AND created_at_ms > ?3
