-- Replay, in the producer, after replay_job in the same batch: where the job stands, and whether this entry replayed it.
-- Reads only.
SELECT
  state, request IS NULL AS payload_deleted,
  EXISTS (SELECT 1 FROM audit_log WHERE tenant_id = ?1 AND id = ?3) AS is_replayed
FROM jobs
WHERE tenant_id = ?1 AND id = ?2
