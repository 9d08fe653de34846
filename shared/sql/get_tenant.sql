-- Admin, in the producer: one tenant. Reads only.
SELECT id, name, created_at_ms, payload_retention_seconds, retention_seconds, default_providers
FROM tenants
WHERE id = ?1
