-- Submit, in the producer: the job exists from here on.
-- Safe to repeat: the id is fresh for each request, so a repeat after a lost answer changes nothing.
INSERT INTO jobs (
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, dispatches, max_attempts,
  created_at_ms, deadline_at_ms, due_at_ms, model, ref_type, ref_id, metadata, attempts, request
)
VALUES (?1, ?2, ?3, 'queued', 0, 0, 0, 0, 0, ?4, ?5, ?6, ?5, ?7, ?8, ?9, ?10, '[]', ?11)
ON CONFLICT (tenant_id, id) DO NOTHING
