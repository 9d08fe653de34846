-- Admin, in the producer: tenants, oldest first. Reads only. ?1 after this id; ?2 rows at most.
SELECT id, name, created_at_ms, payload_retention_seconds, retention_seconds, default_providers
FROM tenants
WHERE id > ?1
ORDER BY id
LIMIT ?2
