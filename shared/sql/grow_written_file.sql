-- Step of a batch in OpenAI's shape, in the consumer, after write_chunk in the same batch: the file has one chunk more.
-- ?3 the chunk's number; ?4 its bytes; ?5 its lines; ?6 batch; ?7 the step.
-- Safe to repeat, as write_chunk is.
UPDATE files
SET chunks = chunks + 1, bytes = bytes + CAST(?4 AS INTEGER), lines = lines + CAST(?5 AS INTEGER)
WHERE tenant_id = ?1 AND id = ?2 AND state = 'writing' AND chunks = ?3
  AND EXISTS (SELECT 1 FROM batches WHERE tenant_id = ?1 AND id = ?6 AND step = ?7)
