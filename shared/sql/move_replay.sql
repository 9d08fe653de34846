-- Step of a replay, in the consumer: how far it is now. ?3 the step; ?4 JSON array of {id}, the letters that it was to put back;
-- ?5 letters looked at; ?6 the last of them, NULL: none; ?7 now; ?8 status; ?9 reason; ?10 when the next step is due, NULL: there is none;
-- ?11 1 when its sample is good enough.
-- What was looked at and not put back is skipped; at the end, what matched and was not found any more is, too.
-- Safe to repeat, and of two at once one takes effect: the step is counted.
UPDATE replays
SET
  status = ?8, reason = ?9, due_at_ms = ?10, step = step + 1, last_job_id = coalesce(?6, last_job_id),
  sampled_at_ms = iif(?11 = 1, ?7, sampled_at_ms),
  paced_at_ms = iif(?11 = 1, ?7, paced_at_ms),
  paced_replayed = iif(?11 = 1, replayed, paced_replayed),
  replayed = replayed + moved.letters, queued = queued + moved.letters,
  skipped = iif(?8 = 'completed',
    max(skipped + CAST(?5 AS INTEGER) - moved.letters, matched - replayed - moved.letters),
    skipped + CAST(?5 AS INTEGER) - moved.letters),
  finished_at_ms = iif(?8 = 'completed', ?7, NULL),
  expires_at_ms = iif(?8 = 'completed',
    ?7 + 1000 * coalesce((SELECT retention_seconds FROM tenants WHERE id = ?1), 2592000), NULL)
FROM (
  SELECT count(*) AS letters
  FROM json_each(?4) AS letter CROSS JOIN replay_items
  WHERE replay_items.tenant_id = ?1 AND replay_items.replay_id = ?2 AND replay_items.job_id = letter.value ->> '$.id'
) AS moved
WHERE replays.tenant_id = ?1 AND replays.id = ?2 AND replays.step = ?3 AND replays.status = 'running'
