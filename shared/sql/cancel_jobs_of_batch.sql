-- Step of a batch that is cancelled or whose window is over, in the consumer, in the same batch as move_batch and before it: jobs
-- that wait are cancelled. Those that run have been paid for, and go on. ?3 the step; ?4 now; ?5 and ?6 before the first and after
-- the last id of its jobs; ?7 rows at most; ?8 seconds that their payload is kept.
-- Safe to repeat.
UPDATE jobs
SET state = 'cancelled', due_at_ms = NULL, completed_at_ms = ?4, expires_at_ms = ?4 + 1000 * ?8
WHERE tenant_id = ?1 AND id IN (
    SELECT id FROM jobs
    WHERE tenant_id = ?1 AND id > ?5 AND id < ?6 AND state IN ('queued', 'retry_scheduled')
    ORDER BY id LIMIT ?7)
  AND EXISTS (SELECT 1 FROM batches WHERE tenant_id = ?1 AND id = ?2 AND step = ?3)
