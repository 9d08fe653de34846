-- Files, in the producer: the chunk that a line is in. Reads only. ?3 the line's number, from 1.
SELECT file_chunks.number, file_chunks.first_line, file_chunks.body
FROM files JOIN file_chunks ON file_chunks.file_id = files.id
WHERE files.tenant_id = ?1 AND files.id = ?2 AND files.state = 'stored'
  AND file_chunks.number = (
    SELECT number FROM file_chunks AS nearest
    WHERE nearest.file_id = ?2 AND nearest.first_line <= ?3
    ORDER BY number DESC LIMIT 1)
