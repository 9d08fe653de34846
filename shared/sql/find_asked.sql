-- Replay, in the producer, where it names somebody to ask: what the job is, and whom it asks. Reads only.
-- `providers` is NULL where the request was deleted, or was stored by a version that knew one provider.
SELECT kind, request ->> '$.providers' AS providers
FROM jobs
WHERE tenant_id = ?1 AND id = ?2
