-- Files, in both Workers: a chunk of a file that is whole. Reads only. ?3 number.
SELECT file_chunks.number, file_chunks.first_line, file_chunks.body
FROM files JOIN file_chunks ON file_chunks.file_id = files.id
WHERE files.tenant_id = ?1 AND files.id = ?2 AND files.state = 'stored' AND file_chunks.number = ?3
