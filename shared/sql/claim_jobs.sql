-- Claim, in the consumer: takes every job of a delivery that may run, each for its own lease.
-- ?1 is a JSON array of [tenant, job]; ?2 now; ?3 how early a job may start; ?4 the lease's end; ?5 rescues allowed;
-- ?6 the delivery's token; ?7 is 1 when jobs that were rescued before are taken as well, which run alone.
-- Safe to repeat: a job that this delivery holds already comes back as it was claimed, and no other delivery gets it
-- before the lease runs out. A job of another delivery found running here outlived its lease: taking it over is a rescue.
UPDATE jobs
SET
  state = 'running',
  attempt = attempt + (claimed_by IS NOT ?6 OR state <> 'running'),
  attempts = CASE
    WHEN state = 'running' AND claimed_by IS NOT ?6 THEN json_insert(attempts, '$[#]', json_object(
      'attempt', attempt, 'startedAtMs', started_at_ms, 'finishedAtMs', CAST(?2 AS INTEGER),
      'outcome', 'rescued', 'code', 'lease_expired', 'possiblyBilled', json('true')))
    ELSE attempts
  END,
  rescues = rescues + (state = 'running' AND claimed_by IS NOT ?6),
  started_at_ms = ?2,
  due_at_ms = ?4,
  claimed_by = ?6
WHERE (tenant_id, id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))
  AND deadline_at_ms > ?2
  AND (
    (state IN ('queued', 'retry_scheduled') AND due_at_ms <= ?3 AND (rescues = 0 OR ?7 = 1))
    OR (state = 'running' AND due_at_ms <= ?2 AND rescues < ?5 AND ?7 = 1)
    OR (state = 'running' AND claimed_by = ?6)
  )
RETURNING
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, max_attempts, created_at_ms,
  deadline_at_ms, due_at_ms, started_at_ms, model, attempts, request,
  coalesce(replays ->> '$[#-1].afterAttempt', 0) AS replayed_after
