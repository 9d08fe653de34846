-- Upload and answers, after insert_chunk in the same batch: the file has one chunk more.
-- ?3 the chunk's number; ?4 its bytes; ?5 its lines.
-- Safe to repeat: the file has the chunk by then.
UPDATE files
SET chunks = chunks + 1, bytes = bytes + CAST(?4 AS INTEGER), lines = lines + CAST(?5 AS INTEGER)
WHERE tenant_id = ?1 AND id = ?2 AND state = 'writing' AND chunks = ?3
