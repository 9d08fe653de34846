-- Sweep, in the consumer: waiting past its deadline -> dead_lettered.
-- ?1 now; ?2 rows at most; ?3 the error as JSON.
-- A waiting job is never due after its deadline, so the index of what is due finds it.
-- Safe to repeat: a row leaves the condition with the update.
UPDATE jobs
SET state = 'dead_lettered', due_at_ms = NULL, completed_at_ms = ?1, error_code = 'deadline_exceeded', error = ?3
WHERE (tenant_id, id) IN (
  SELECT tenant_id, id FROM jobs
  WHERE due_at_ms <= ?1 AND state IN ('queued', 'retry_scheduled') AND deadline_at_ms <= ?1
  ORDER BY due_at_ms LIMIT ?2
)
RETURNING tenant_id, id, attempt, error_code
