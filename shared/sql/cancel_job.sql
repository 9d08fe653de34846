-- Cancel, in the producer: any state that is not terminal -> cancelled.
-- A call that is running goes on, and its answer meets a closed fence; the history says that it was under way.
-- Safe to repeat: zero rows once the job is terminal.
UPDATE jobs
SET
  state = 'cancelled', due_at_ms = NULL, completed_at_ms = ?3,
  attempts = CASE state
    WHEN 'running' THEN json_insert(attempts, '$[#]', json_object(
      'attempt', attempt, 'startedAtMs', started_at_ms, 'finishedAtMs', CAST(?3 AS INTEGER),
      'outcome', 'cancelled', 'possiblyBilled', json('true')))
    ELSE attempts
  END,
  expires_at_ms = ?3 + 1000 * coalesce((SELECT payload_retention_seconds FROM tenants WHERE id = ?1), 604800)
WHERE tenant_id = ?1 AND id = ?2 AND state IN ('queued', 'retry_scheduled', 'running')
RETURNING
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, max_attempts, created_at_ms,
  deadline_at_ms, due_at_ms, started_at_ms, completed_at_ms, model, error_code, error, ref_type,
  ref_id, batch_id, line, custom_id, metadata, attempts, replays, dropped_answers, request IS NULL AS payload_deleted
