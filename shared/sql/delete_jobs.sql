-- Retention, in the sweep, after delete_results in the same batch: jobs whose time is over. Only those whose payload is
-- gone, so that what a job was asked and what it answered never outlives its row.
-- ?1 now; ?2 rows looked at, the same as there.
-- Safe to repeat: what is gone is not deleted again.
DELETE FROM jobs
WHERE (tenant_id, id) IN (
  SELECT tenant_id, id FROM (
    SELECT tenant_id, id, request IS NULL AS is_deleted FROM jobs
    WHERE expires_at_ms <= ?1
    ORDER BY expires_at_ms LIMIT ?2
  )
  WHERE is_deleted
)
