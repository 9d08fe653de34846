-- Submit of a batch in OpenAI's shape, in the producer, before insert_batch in the same batch: its file is there for as long as
-- lines may become jobs. ?3 the earliest instant at which it may be deleted.
-- Safe to repeat.
UPDATE files SET expires_at_ms = max(expires_at_ms, ?3)
WHERE tenant_id = ?1 AND id = ?2 AND state = 'stored' AND purpose = 'batch'
