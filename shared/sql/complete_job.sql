-- Commit, in the consumer: running -> succeeded, fenced by the attempt.
-- Safe to repeat: zero rows when the job has left this attempt.
UPDATE jobs
SET state = 'succeeded', due_at_ms = NULL, completed_at_ms = ?4, model = ?5, attempts = ?6, error_code = NULL, error = NULL
WHERE tenant_id = ?1 AND id = ?2 AND state = 'running' AND attempt = ?3
RETURNING id
