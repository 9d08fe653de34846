-- Upload, in the producer: the file is whole. ?3 when it is deleted.
-- Safe to repeat: it stays as it is.
UPDATE files SET state = 'stored', expires_at_ms = ?3
WHERE tenant_id = ?1 AND id = ?2 AND state = 'writing'
