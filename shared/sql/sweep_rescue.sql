-- Sweep, in the consumer: running with its lease over -> queued, to be sent again.
-- ?1 now; ?2 rescues allowed; ?3 rows at most; ?4 the error as JSON.
-- Safe to repeat: a row leaves the condition with the update.
UPDATE jobs
SET
  state = 'queued', due_at_ms = ?1, rescues = rescues + 1, dispatches = dispatches + 1,
  error_code = 'lease_expired', error = ?4,
  attempts = json_insert(attempts, '$[#]', json_object(
    'attempt', attempt, 'startedAtMs', started_at_ms, 'finishedAtMs', CAST(?1 AS INTEGER),
    'outcome', 'rescued', 'code', 'lease_expired', 'possiblyBilled', json('true')))
WHERE (tenant_id, id) IN (
  SELECT tenant_id, id FROM jobs
  WHERE due_at_ms <= ?1 AND state = 'running' AND rescues < ?2
  ORDER BY due_at_ms LIMIT ?3
)
RETURNING tenant_id, id
