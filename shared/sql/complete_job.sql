-- Commit, in the consumer: running -> succeeded, fenced by the attempt. ?7 what its calls cost, NULL: not known.
-- Safe to repeat: zero rows when the job has left this attempt.
UPDATE jobs
SET
  state = 'succeeded', due_at_ms = NULL, completed_at_ms = ?4, model = ?5, attempts = ?6, error_code = NULL, error = NULL,
  cost_micro_usd = coalesce(cost_micro_usd + ?7, cost_micro_usd, CAST(?7 AS INTEGER)),
  expires_at_ms = ?4 + 1000 * coalesce((SELECT payload_retention_seconds FROM tenants WHERE id = ?1), 604800)
WHERE tenant_id = ?1 AND id = ?2 AND state = 'running' AND attempt = ?3
RETURNING
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, max_attempts, created_at_ms,
  deadline_at_ms, due_at_ms, started_at_ms, completed_at_ms, model, error_code, error, ref_type,
  ref_id, batch_id, line, custom_id, metadata, attempts, replays, dropped_answers, request IS NULL AS payload_deleted
