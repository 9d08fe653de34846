-- Files, in both Workers: what is known of one. Reads only.
SELECT id, purpose, state, name, chunks, bytes, lines, created_at_ms, expires_at_ms
FROM files
WHERE tenant_id = ?1 AND id = ?2
