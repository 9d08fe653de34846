-- Admin, in the producer. Safe to repeat: the id is fresh for each request.
INSERT INTO tenants (id, name, created_at_ms)
VALUES (?1, ?2, ?3)
ON CONFLICT (id) DO NOTHING
