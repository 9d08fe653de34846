-- Admin, in the producer. Safe to repeat: the first revocation's instant stays.
UPDATE api_keys
SET revoked_at_ms = coalesce(revoked_at_ms, ?2)
WHERE id = ?1
RETURNING id, tenant_id, name, start, scopes, created_at_ms, expires_at_ms, revoked_at_ms
