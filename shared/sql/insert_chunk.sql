-- Upload and answers, before grow_file in the same batch: the next chunk of a file that is still written.
-- ?3 number; ?4 its first line; ?5 bytes; ?6 the text, or NULL when it lies in the bucket.
-- Safe to repeat: the file has grown by then, and the guard fails.
INSERT INTO file_chunks (file_id, number, first_line, bytes, body)
SELECT ?2, ?3, ?4, ?5, ?6
WHERE EXISTS (SELECT 1 FROM files WHERE tenant_id = ?1 AND id = ?2 AND state = 'writing' AND chunks = ?3)
