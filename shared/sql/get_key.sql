-- A key, by its public name. Reads only.
SELECT id, tenant_id, name, start, scopes, created_at_ms, expires_at_ms, revoked_at_ms
FROM api_keys
WHERE id = ?1
