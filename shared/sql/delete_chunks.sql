-- Files, before delete_file in the same batch: a file's text. ?3 is NULL, or the instant by which its time must be over.
-- Safe to repeat.
DELETE FROM file_chunks
WHERE file_id = ?2
  AND EXISTS (SELECT 1 FROM files WHERE tenant_id = ?1 AND id = ?2 AND (?3 IS NULL OR expires_at_ms <= ?3))
