-- Submit of a batch, in the producer, after insert_batch in the same batch: the batch has its file for as long as lines may become
-- jobs; one of our own shape is whole from here on. ?3 the file; ?4 the earliest instant at which it may be deleted.
-- Safe to repeat. Where the batch was not inserted, because another one has its idempotency key, the file keeps its time.
UPDATE files SET state = 'stored', expires_at_ms = max(expires_at_ms, ?4)
WHERE tenant_id = ?1 AND id = ?3 AND (state = 'stored' OR purpose = 'lines')
  AND EXISTS (SELECT 1 FROM batches WHERE tenant_id = ?1 AND id = ?2)
