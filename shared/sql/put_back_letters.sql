-- Step of a replay, in the consumer, before move_replay in the same batch: dead_lettered -> queued, as replay_job does it for
-- one, while nobody took another step.
-- ?3 the step; ?4 JSON array of {id, chain}, without a chain the job asks whom it asked; ?5 when the replay was made; ?6 now;
-- ?7 its entry in the audit log; ?8 who; ?9 attempts allowed, ?10 seconds to the deadline: NULL leaves them as they are.
-- Only a replay that runs has a step due. Safe to repeat: the guard fails once the step is taken.
UPDATE jobs
SET
  state = 'queued', failures = 0, rescues = min(rescues, 1), due_at_ms = ?6, completed_at_ms = NULL, expires_at_ms = NULL,
  bulk = 1, replay_id = ?2,
  max_attempts = coalesce(?9, max_attempts),
  deadline_seconds = coalesce(?10, deadline_seconds),
  deadline_at_ms = ?6 + 1000 * coalesce(?10, deadline_seconds),
  model = coalesce(letter.value ->> '$.chain[0].model', model),
  replays = json_remove(
    json_insert(replays, '$[#]', json_object(
      'auditId', ?7, 'replayId', ?2, 'atMs', CAST(?6 AS INTEGER), 'actor', ?8, 'afterAttempt', attempt, 'code', error_code)),
    iif(json_array_length(replays) < 20, '$[20]', '$[0]')),
  request = iif(letter.value -> '$.chain' IS NULL, request, json_set(request, '$.providers', json(letter.value -> '$.chain')))
FROM json_each(?4) AS letter
WHERE jobs.tenant_id = ?1 AND jobs.id = letter.value ->> '$.id'
  AND jobs.state = 'dead_lettered' AND jobs.request IS NOT NULL AND jobs.completed_at_ms <= ?5
  AND EXISTS (SELECT 1 FROM replays WHERE tenant_id = ?1 AND id = ?2 AND step = ?3 AND due_at_ms IS NOT NULL)
