-- Admin, in the producer: ?2 name, ?3 seconds a payload is kept, ?4 seconds a job is kept; NULL leaves them as they are.
-- ?5 whom its jobs ask, JSON: NULL leaves it as it is, and an empty array takes it away.
-- Zero rows when there is no such tenant, or when the payload would be kept for longer than the job.
-- Safe to repeat: it sets the same values.
UPDATE tenants
SET
  name = coalesce(?2, name),
  payload_retention_seconds = coalesce(?3, payload_retention_seconds),
  retention_seconds = coalesce(?4, retention_seconds),
  default_providers = iif(?5 IS NULL, default_providers, nullif(?5, '[]'))
WHERE id = ?1 AND coalesce(?3, payload_retention_seconds) <= coalesce(?4, retention_seconds)
RETURNING id, name, created_at_ms, payload_retention_seconds, retention_seconds, default_providers
