-- Files, after delete_chunks in the same batch: the file itself. ?3 is NULL, or the instant by which its time must be over.
-- Safe to repeat.
DELETE FROM files WHERE tenant_id = ?1 AND id = ?2 AND (?3 IS NULL OR expires_at_ms <= ?3)
