-- Purge, in the producer, before delete_letters in the same batch: what the letters may have brought. A dead letter has no
-- result, but none must outlive its job. ?2 JSON array of jobs; ?3 letters that died later are not meant.
-- Safe to repeat: what is gone is not deleted again.
DELETE FROM task_results
WHERE job_id IN (
  SELECT id FROM jobs
  WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2)) AND state = 'dead_lettered' AND completed_at_ms <= ?3
)
