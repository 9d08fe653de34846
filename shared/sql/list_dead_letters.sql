-- Dead letters, in the producer: a tenant's, newest first. Reads only.
-- ?2 before this id; ?3 from this id on; ?4 error code or NULL; ?5 rows at most.
SELECT
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, dispatches, max_attempts, created_at_ms,
  deadline_at_ms, due_at_ms, started_at_ms, completed_at_ms, expires_at_ms, model, error_code, error, fingerprint, ref_type,
  ref_id, batch_id, line, custom_id, metadata, attempts, replays, dropped_answers, request IS NULL AS payload_deleted
FROM jobs INDEXED BY jobs_unsuccessful
WHERE tenant_id = ?1
  AND id < ?2 AND id >= ?3
  AND state = 'dead_lettered' AND state IN ('failed', 'dead_lettered', 'cancelled')
  AND (?4 IS NULL OR error_code = ?4)
ORDER BY id DESC
LIMIT ?5
