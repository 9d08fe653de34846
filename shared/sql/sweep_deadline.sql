-- Sweep, in the consumer: waiting past its deadline -> dead_lettered, when no message came to say so.
-- ?1 now; ?2 rows at most; ?3 what to add to the error, JSON; ?4 rows looked at, those first that are due the longest.
-- A waiting job is never due after its deadline, so the index of what is due finds it.
-- Safe to repeat: a row leaves the condition with the update.
UPDATE jobs
SET
  state = 'dead_lettered', due_at_ms = NULL, completed_at_ms = ?1,
  fingerprint = 'deadline_exceeded:' || coalesce(error_code, '-') || ':' || coalesce(error ->> '$.provider', '-')
    || ':' || coalesce(model, '-') || ':' || coalesce(error ->> '$.providerStatus', '-'),
  error_provider = error ->> '$.provider',
  error = json_patch(json_patch(coalesce(error, '{}'), json_object('cause', error_code)), ?3),
  error_code = 'deadline_exceeded',
  expires_at_ms = ?1 + 1000 * coalesce((SELECT payload_retention_seconds FROM tenants WHERE id = jobs.tenant_id), 604800)
WHERE (tenant_id, id) IN (
  SELECT tenant_id, id FROM (
    SELECT tenant_id, id, deadline_at_ms FROM jobs
    WHERE due_at_ms <= ?1 AND state IN ('queued', 'retry_scheduled')
    ORDER BY due_at_ms LIMIT ?4
  )
  WHERE deadline_at_ms <= ?1 LIMIT ?2
)
RETURNING tenant_id, id, attempt, error_code
