-- Files, in the producer: a tenant's, oldest first. Reads only.
-- ?2 after this id; ?3 purpose or NULL; ?4 rows at most.
SELECT id, purpose, state, name, chunks, bytes, lines, created_at_ms, expires_at_ms
FROM files
WHERE tenant_id = ?1 AND id > ?2 AND state = 'stored' AND purpose IN ('batch', 'batch_output') AND (?3 IS NULL OR purpose = ?3)
ORDER BY id
LIMIT ?4
