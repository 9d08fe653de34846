-- Retention, in the sweep, after delete_outputs in the same batch: requests whose time is over, and what a provider or a
-- model said about them. ?1 now; ?2 rows looked at, the same as there. From here on the row itself is due, at its own time.
-- Safe to repeat: a row leaves the condition with the update.
UPDATE jobs
SET
  request = NULL,
  error = json_remove(error, '$.excerpt', '$.partialOutput'),
  expires_at_ms = completed_at_ms + 1000 * coalesce((SELECT retention_seconds FROM tenants WHERE id = jobs.tenant_id), 2592000)
WHERE (tenant_id, id) IN (
  SELECT tenant_id, id FROM (
    SELECT tenant_id, id, request IS NULL AS is_deleted FROM jobs
    WHERE expires_at_ms <= ?1
    ORDER BY expires_at_ms LIMIT ?2
  )
  WHERE NOT is_deleted
)
