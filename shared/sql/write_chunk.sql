-- Step of a batch in OpenAI's shape, in the consumer, before move_batch in the same batch: the next chunk of a file of its answers.
-- ?3 number; ?4 its first line; ?5 bytes; ?6 the text, or NULL when it lies in the bucket; ?7 batch; ?8 the step.
-- Safe to repeat, and of two at once one takes effect: the step is counted in the same batch.
INSERT INTO file_chunks (file_id, number, first_line, bytes, body)
SELECT ?2, ?3, ?4, ?5, ?6
WHERE EXISTS (SELECT 1 FROM files WHERE tenant_id = ?1 AND id = ?2 AND state = 'writing' AND chunks = ?3)
  AND EXISTS (SELECT 1 FROM batches WHERE tenant_id = ?1 AND id = ?7 AND step = ?8)
