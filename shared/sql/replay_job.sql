-- Replay, in the producer: dead_lettered -> queued, with a fresh budget, fenced by its entry in the audit log.
-- ?3 the entry's id; ?4 now; ?5 who; ?6 attempts allowed, ?7 seconds to the deadline, ?8 the providers to ask, JSON: NULL leaves them as they are.
-- The attempt keeps growing, so that what still runs stays fenced off; a job that was rescued before keeps running alone.
-- Safe to repeat: the job notes the entry, and one entry replays once. Of the replays the latest 20 are kept.
UPDATE jobs
SET
  state = 'queued', failures = 0, rescues = min(rescues, 1), due_at_ms = ?4, completed_at_ms = NULL, expires_at_ms = NULL,
  bulk = 0, replay_id = NULL,
  max_attempts = coalesce(?6, max_attempts),
  deadline_seconds = coalesce(?7, deadline_seconds),
  deadline_at_ms = ?4 + 1000 * coalesce(?7, deadline_seconds),
  model = coalesce(?8 ->> '$[0].model', model),
  replays = json_remove(
    json_insert(replays, '$[#]', json_object(
      'auditId', ?3, 'atMs', CAST(?4 AS INTEGER), 'actor', ?5, 'afterAttempt', attempt, 'code', error_code)),
    iif(json_array_length(replays) < 20, '$[20]', '$[0]')),
  request = iif(?8 IS NULL, request, json_set(request, '$.providers', json(?8)))
WHERE tenant_id = ?1 AND id = ?2 AND state = 'dead_lettered' AND request IS NOT NULL
  AND EXISTS (SELECT 1 FROM audit_log WHERE tenant_id = ?1 AND id = ?3)
  AND NOT EXISTS (SELECT 1 FROM json_each(jobs.replays) WHERE value ->> '$.auditId' = ?3)
