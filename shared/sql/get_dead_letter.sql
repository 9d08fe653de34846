-- Dead letter, in the producer: one, with all that an operator needs. Reads only.
SELECT
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, dispatches, max_attempts, created_at_ms,
  deadline_at_ms, due_at_ms, started_at_ms, completed_at_ms, expires_at_ms, model, error_code, error, fingerprint, ref_type,
  ref_id, batch_id, line, custom_id, metadata, attempts, replays, dropped_answers, request IS NULL AS payload_deleted
FROM jobs
WHERE tenant_id = ?1 AND id = ?2 AND state = 'dead_lettered'
