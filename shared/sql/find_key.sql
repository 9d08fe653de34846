-- Authentication, in the producer: whose key this is, and whom that tenant's jobs ask. Reads only.
SELECT
  k.hash, k.id, k.tenant_id, k.name, k.start, k.scopes, k.created_at_ms, k.expires_at_ms, k.revoked_at_ms,
  t.default_providers
FROM api_keys AS k
LEFT JOIN tenants AS t ON t.id = k.tenant_id
WHERE k.hash = ?1
