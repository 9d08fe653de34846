-- Sweep, in the consumer: running with its lease over -> queued, to be sent again.
-- ?1 now; ?2 rescues allowed; ?3 rows at most; ?4 the error, JSON; ?5 rows looked at, those first whose lease is over the
-- longest.
-- Safe to repeat: a row leaves the condition with the update.
UPDATE jobs
SET
  state = 'queued', due_at_ms = ?1, rescues = rescues + 1, dispatches = dispatches + 1,
  error_code = 'lease_expired', error = ?4,
  attempts = json_insert(attempts, '$[#]', json_object(
    'attempt', attempt, 'startedAtMs', started_at_ms, 'finishedAtMs', CAST(?1 AS INTEGER),
    'outcome', 'rescued', 'code', 'lease_expired', 'possiblyBilled', json('true')))
WHERE (tenant_id, id) IN (
  SELECT tenant_id, id FROM (
    SELECT tenant_id, id, rescues FROM jobs
    WHERE due_at_ms <= ?1 AND state = 'running'
    ORDER BY due_at_ms LIMIT ?5
  )
  WHERE rescues < ?2 LIMIT ?3
)
RETURNING tenant_id, id, bulk
