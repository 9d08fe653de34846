-- Cancel, in the producer: any state that is not terminal -> cancelled.
-- A call that is running goes on, and its answer meets a closed fence.
-- Safe to repeat: zero rows once the job is terminal.
UPDATE jobs
SET state = 'cancelled', due_at_ms = NULL, completed_at_ms = ?3
WHERE tenant_id = ?1 AND id = ?2 AND state IN ('queued', 'retry_scheduled', 'running')
RETURNING id
