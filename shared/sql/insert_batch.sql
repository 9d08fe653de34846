-- Submit, in the producer: the batch exists from here on, and its lines are owed.
-- ?3 status; ?4 endpoint or NULL; ?5 file; ?6 name or NULL; ?7 metadata, JSON; ?8 1 when invalid lines are passed over; ?9 defaults,
-- JSON; ?10 lines; ?11 those that are invalid; ?12 now; ?13 when its window ends, or NULL; ?14 and ?15 idempotency key and hash;
-- ?16 seconds that the files of its answers are kept, or NULL.
-- Safe to repeat: the id is fresh for each request. Where another batch has the idempotency key, nothing is inserted.
INSERT INTO batches (
  tenant_id, id, status, endpoint, file_id, name, metadata, skips_invalid, defaults, lines, invalid_lines, created_at_ms,
  window_ends_at_ms, due_at_ms, step, chunk, chunk_offset, line, jobs, queued, running, retry_scheduled, succeeded, failed,
  dead_lettered, cancelled, completions, sampled_ended, idempotency_key, request_hash, output_seconds
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?14, ?15, ?16)
ON CONFLICT DO NOTHING
