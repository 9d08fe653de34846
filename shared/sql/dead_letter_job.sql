-- Commit, in the consumer: running -> dead_lettered, for an operator to put right, fenced by the attempt.
-- ?5 is 1 when the attempt counts as a failure, ?6 is 1 when it is a deferral; ?10 what its calls cost,
-- NULL: not known; ?11 what letters of one cause share.
-- Safe to repeat: zero rows when the job has left this attempt.
UPDATE jobs
SET
  state = 'dead_lettered', due_at_ms = NULL, completed_at_ms = ?4, failures = failures + CAST(?5 AS INTEGER),
  deferrals = deferrals + CAST(?6 AS INTEGER), error_code = ?7, error = ?8, attempts = ?9, fingerprint = ?11,
  error_provider = ?8 ->> '$.provider',
  cost_micro_usd = coalesce(cost_micro_usd + ?10, cost_micro_usd, CAST(?10 AS INTEGER)),
  expires_at_ms = ?4 + 1000 * coalesce((SELECT payload_retention_seconds FROM tenants WHERE id = ?1), 604800)
WHERE tenant_id = ?1 AND id = ?2 AND state = 'running' AND attempt = ?3
RETURNING
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, max_attempts, created_at_ms,
  deadline_at_ms, due_at_ms, started_at_ms, completed_at_ms, model, error_code, error, ref_type,
  ref_id, batch_id, line, custom_id, metadata, attempts, replays, dropped_answers, request IS NULL AS payload_deleted
