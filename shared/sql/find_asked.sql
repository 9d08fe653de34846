-- Replay, in the producer, where it names somebody to ask: what the job is, and what it asks for. Reads only.
-- `request` is NULL where it was deleted.
SELECT kind, request
FROM jobs
WHERE tenant_id = ?1 AND id = ?2
