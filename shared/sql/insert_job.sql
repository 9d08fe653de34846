-- Submit, in the producer: the job exists from here on.
-- Safe to repeat: the id is fresh for each request, so a repeat after a lost answer changes nothing. Where another job
-- has the idempotency key, nothing is inserted, and find_submitted tells which.
INSERT INTO jobs (
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, dispatches, max_attempts,
  created_at_ms, deadline_seconds, deadline_at_ms, due_at_ms, model, ref_type, ref_id, idempotency_key, request_hash,
  bulk, metadata, attempts, replays, dropped_answers, request
)
VALUES (?1, ?2, ?3, 'queued', 0, 0, 0, 0, 0, ?4, ?5, ?6, ?5 + 1000 * ?6, ?5, ?7, ?8, ?9, ?10, ?11, 0, ?12, '[]', '[]', '[]', ?13)
ON CONFLICT DO NOTHING
