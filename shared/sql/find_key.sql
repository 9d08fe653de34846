-- Authentication, in the producer: whose key this is. Reads only.
SELECT hash, id, tenant_id, name, start, scopes, created_at_ms, expires_at_ms, revoked_at_ms
FROM api_keys
WHERE hash = ?1
