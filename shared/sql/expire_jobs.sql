-- Delivery, in the consumer: the jobs of messages that came after the deadline, waiting -> dead_lettered.
-- ?1 is a JSON array of [tenant, job]; ?2 now; ?3 what to add to the error, JSON.
-- Safe to repeat: a row leaves the condition with the update.
UPDATE jobs
SET
  state = 'dead_lettered', due_at_ms = NULL, completed_at_ms = ?2,
  fingerprint = 'deadline_exceeded:' || coalesce(error_code, '-') || ':' || coalesce(error ->> '$.provider', '-')
    || ':' || coalesce(model, '-') || ':' || coalesce(error ->> '$.providerStatus', '-'),
  error_provider = error ->> '$.provider',
  error = json_patch(json_patch(coalesce(error, '{}'), json_object('cause', error_code)), ?3),
  error_code = 'deadline_exceeded',
  expires_at_ms = ?2 + 1000 * coalesce((SELECT payload_retention_seconds FROM tenants WHERE id = jobs.tenant_id), 604800)
WHERE (tenant_id, id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))
  AND state IN ('queued', 'retry_scheduled') AND deadline_at_ms <= ?2
RETURNING tenant_id, id, attempt, error_code
