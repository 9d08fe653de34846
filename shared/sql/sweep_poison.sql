-- Sweep, in the consumer: running with its lease over for the last time allowed -> dead_lettered.
-- ?1 now; ?2 rescues allowed; ?3 rows at most; ?4 the error, JSON; ?5 rows looked at, those first whose lease is over the
-- longest: sweep_rescue takes the others of them, so that the next sweep looks further.
-- Safe to repeat: a row leaves the condition with the update.
UPDATE jobs
SET
  state = 'dead_lettered', due_at_ms = NULL, completed_at_ms = ?1, rescues = rescues + 1,
  fingerprint = 'poison:lease_expired:-:' || coalesce(model, '-') || ':-', error_provider = NULL,
  error_code = 'poison', error = ?4,
  attempts = json_insert(attempts, '$[#]', json_object(
    'attempt', attempt, 'startedAtMs', started_at_ms, 'finishedAtMs', CAST(?1 AS INTEGER),
    'outcome', 'rescued', 'code', 'lease_expired', 'possiblyBilled', json('true'))),
  expires_at_ms = ?1 + 1000 * coalesce((SELECT payload_retention_seconds FROM tenants WHERE id = jobs.tenant_id), 604800)
WHERE (tenant_id, id) IN (
  SELECT tenant_id, id FROM (
    SELECT tenant_id, id, rescues FROM jobs
    WHERE due_at_ms <= ?1 AND state = 'running'
    ORDER BY due_at_ms LIMIT ?5
  )
  WHERE rescues >= ?2 LIMIT ?3
)
RETURNING tenant_id, id, attempt, error_code
