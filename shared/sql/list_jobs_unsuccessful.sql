-- List, in the producer: a tenant's jobs that failed or were cancelled, newest first. Reads only.
-- What a model had said before it was stopped may be long, and is left out.
-- ?2 before this id; ?3 from this id on; ?4 kind or NULL; ?5 state; ?6 rows at most.
SELECT
  jobs.tenant_id, jobs.id, jobs.kind, jobs.state, jobs.attempt, jobs.failures, jobs.deferrals, jobs.rescues,
  jobs.max_attempts, jobs.created_at_ms, jobs.deadline_at_ms, jobs.due_at_ms, jobs.started_at_ms,
  jobs.completed_at_ms, jobs.model, jobs.error_code, json_remove(jobs.error, '$.partialOutput') AS error, jobs.ref_type,
  jobs.ref_id, jobs.batch_id, jobs.line, jobs.custom_id, jobs.metadata, jobs.attempts, jobs.replays, jobs.dropped_answers, jobs.request IS NULL AS payload_deleted
FROM jobs INDEXED BY jobs_unsuccessful
WHERE jobs.tenant_id = ?1
  AND jobs.id < ?2 AND jobs.id >= ?3
  AND (?4 IS NULL OR jobs.kind = ?4)
  AND jobs.state = ?5 AND jobs.state IN ('failed', 'cancelled')
ORDER BY jobs.id DESC
LIMIT ?6
