-- Admin, in the producer: zero rows when there is no such tenant.
-- Safe to repeat: the id and the key are fresh for each request.
INSERT INTO api_keys (hash, id, tenant_id, name, start, scopes, created_at_ms, expires_at_ms, revoked_at_ms)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL
WHERE EXISTS (SELECT 1 FROM tenants WHERE id = ?3)
ON CONFLICT (hash) DO NOTHING
