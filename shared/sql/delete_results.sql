-- Retention, in the sweep, after delete_payloads and before delete_jobs in the same batch: the results of jobs that go.
-- ?1 now; ?2 rows looked at, those first that are over the longest.
-- Safe to repeat: what is gone is not deleted again.
DELETE FROM task_results
WHERE job_id IN (
  SELECT id FROM (
    SELECT id, request IS NULL AS is_deleted FROM jobs
    WHERE expires_at_ms <= ?1
    ORDER BY expires_at_ms LIMIT ?2
  )
  WHERE is_deleted
)
