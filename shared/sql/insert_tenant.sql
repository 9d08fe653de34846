-- Admin, in the producer. Safe to repeat: the id is fresh for each request.
INSERT INTO tenants (id, name, created_at_ms, payload_retention_seconds, retention_seconds, default_providers)
VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, '[]'))
ON CONFLICT (id) DO NOTHING
