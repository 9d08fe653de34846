-- Admin, in the producer: a tenant's keys, oldest first. Reads only.
-- ?2 after this id; ?3 rows at most.
SELECT id, tenant_id, name, start, scopes, created_at_ms, expires_at_ms, revoked_at_ms
FROM api_keys
WHERE tenant_id = ?1 AND id > ?2
ORDER BY id
LIMIT ?3
