-- Upload, in the producer, and the files of a batch's answers, in the consumer: a file exists from here on, and nobody reads it yet.
-- ?3 purpose; ?4 name or NULL; ?5 now; ?6 when it is deleted, unless it is given another time with what it is for.
-- Safe to repeat: the id is fresh, or made only once for its batch.
INSERT INTO files (tenant_id, id, state, purpose, name, chunks, bytes, lines, created_at_ms, expires_at_ms)
VALUES (?1, ?2, 'writing', ?3, ?4, 0, 0, 0, ?5, ?6)
ON CONFLICT DO NOTHING
