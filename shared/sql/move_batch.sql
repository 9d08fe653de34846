-- Step of a batch, in the consumer: how far it is now. ?3 the step; ?4 now; ?5 status; ?6 when the next step is due, or NULL;
-- ?7 to ?10 where the next line is: chunk, offset, line, jobs; ?11 to ?13 the sample: when, ended, ended in 1,000 s;
-- ?14 lines; ?15 seconds that the row is kept once it is terminal; ?16 what is wrong with the lines, JSON or NULL;
-- ?17 since when the next line cannot be read, or NULL.
-- Safe to repeat, and of two at once one takes effect: the step is counted.
UPDATE batches
SET
  status = ?5, step = step + 1, due_at_ms = ?6, chunk = ?7, chunk_offset = ?8, line = ?9, jobs = ?10,
  sampled_at_ms = ?11, sampled_ended = ?12, ended_per_1000_s = ?13, lines = ?14, finding = ?16,
  unreadable_at_ms = ?17,
  started_at_ms = coalesce(started_at_ms, iif(?10 > 0, ?4, NULL)),
  finalizing_at_ms = coalesce(finalizing_at_ms, iif(?5 IN ('finalizing', 'completed'), ?4, NULL)),
  completed_at_ms = iif(?6 IS NULL, ?4, NULL),
  expires_at_ms = iif(?6 IS NULL, ?4 + 1000 * ?15, NULL)
WHERE tenant_id = ?1 AND id = ?2 AND step = ?3 AND completed_at_ms IS NULL
