-- Claim, in the consumer: takes every job of a delivery that may run, each for its own lease.
-- ?1 is a JSON array of [tenant, job]; ?2 now; ?3 how early a job may start; ?4 the lease's end; ?5 rescues allowed.
-- Safe to repeat: a claimed job is leased, and is not taken again before the lease runs out.
-- A job found running here outlived its lease: taking it over is a rescue.
UPDATE jobs
SET
  state = 'running',
  attempt = attempt + 1,
  attempts = CASE state
    WHEN 'running' THEN json_insert(attempts, '$[#]', json_object(
      'attempt', attempt, 'startedAtMs', started_at_ms, 'finishedAtMs', CAST(?2 AS INTEGER),
      'outcome', 'rescued', 'code', 'lease_expired'))
    ELSE attempts
  END,
  rescues = rescues + (state = 'running'),
  started_at_ms = ?2,
  due_at_ms = ?4
WHERE (tenant_id, id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))
  AND (
    (state IN ('queued', 'retry_scheduled') AND due_at_ms <= ?3 AND deadline_at_ms > ?2)
    OR (state = 'running' AND due_at_ms <= ?2 AND deadline_at_ms > ?2 AND rescues < ?5)
  )
RETURNING
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, max_attempts, created_at_ms,
  deadline_at_ms, due_at_ms, started_at_ms, model, attempts, request
