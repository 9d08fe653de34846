-- Step of a batch, in the consumer, before move_batch in the same batch: lines become jobs. A line that breaks a rule becomes one
-- that is failed from the start.
-- ?1 a JSON array, one object a job; ?2 tenant; ?3 batch; ?4 the step; ?5 now; ?6 when the batch was submitted; ?7 seconds that
-- the payload of a job that has ended is kept.
-- Safe to repeat, and of two at once one takes effect: the step is counted in the same batch, and a line's id is its place.
INSERT INTO jobs (
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, dispatches, max_attempts, created_at_ms, deadline_seconds,
  deadline_at_ms, due_at_ms, completed_at_ms, expires_at_ms, model, error_code, error, bulk, batch_id, line, custom_id, ref_type,
  ref_id, metadata, attempts, replays, dropped_answers, request
)
SELECT
  ?2, value ->> '$.id', value ->> '$.kind', iif(value ->> '$.code' IS NULL, 'queued', 'failed'), 0, 0, 0, 0, 0,
  value ->> '$.maxAttempts', ?6, value ->> '$.deadlineSeconds', ?5 + 1000 * (value ->> '$.deadlineSeconds'),
  iif(value ->> '$.code' IS NULL, ?5, NULL), iif(value ->> '$.code' IS NULL, NULL, ?5),
  iif(value ->> '$.code' IS NULL, NULL, ?5 + 1000 * ?7), value ->> '$.model', value ->> '$.code', value ->> '$.error', 1, ?3,
  value ->> '$.line', value ->> '$.customId', value ->> '$.refType', value ->> '$.refId', value ->> '$.metadata', '[]', '[]', '[]',
  value -> '$.request'
FROM json_each(?1)
WHERE EXISTS (SELECT 1 FROM batches WHERE tenant_id = ?2 AND id = ?3 AND step = ?4)
ON CONFLICT DO NOTHING
