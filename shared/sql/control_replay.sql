-- Replay of many letters, in the producer: an operator pauses it, goes on with it, or ends it. ?3 now; ?4 the status it gets;
-- ?5 when its next step is due, of one that goes on; ?6 the status that it must have, but to be ended.
-- One that was paused by itself, because its sample was not good enough, goes on without a sample.
-- Safe to repeat: zero rows when it has the status already, or has ended. The step is counted, so that one under way is fenced off.
UPDATE replays
SET
  status = ?4, step = step + 1, due_at_ms = iif(?4 = 'running', ?5, NULL),
  sampled_at_ms = iif(?4 = 'running' AND reason IS NOT NULL, ?3, sampled_at_ms),
  paced_at_ms = iif(?4 = 'running', ?3, paced_at_ms),
  paced_replayed = iif(?4 = 'running', replayed, paced_replayed),
  reason = NULL,
  finished_at_ms = iif(?4 = 'aborted', ?3, NULL),
  expires_at_ms = iif(?4 = 'aborted',
    ?3 + 1000 * coalesce((SELECT retention_seconds FROM tenants WHERE id = ?1), 2592000), NULL)
WHERE tenant_id = ?1 AND id = ?2 AND (status = ?6 OR ?4 = 'aborted' AND status IN ('running', 'paused'))
