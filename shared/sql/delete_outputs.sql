-- Retention, in the sweep: answers whose time is over, before delete_payloads in the same batch. The row stays, for what
-- the answer cost. ?1 now; ?2 rows looked at, those first that are over the longest.
-- Safe to repeat: an output that is gone is deleted again.
UPDATE task_results
SET output = ''
WHERE job_id IN (
  SELECT id FROM (
    SELECT id, request IS NULL AS is_deleted FROM jobs
    WHERE expires_at_ms <= ?1
    ORDER BY expires_at_ms LIMIT ?2
  )
  WHERE NOT is_deleted
)
