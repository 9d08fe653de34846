-- Last step of a batch in OpenAI's shape, in the consumer, before move_batch in the same batch: where its answers are.
-- ?3 the step; ?4 and ?5 the files of answers and of errors, or NULL; ?6 tokens of all answers, JSON.
-- Safe to repeat, and of two at once one takes effect: the step is counted in the same batch.
UPDATE batches SET output_file_id = ?4, error_file_id = ?5, usage = ?6
WHERE tenant_id = ?1 AND id = ?2 AND step = ?3 AND completed_at_ms IS NULL
