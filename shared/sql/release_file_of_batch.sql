-- Step of a batch that has ended, in the consumer, after move_batch in the same batch: its file is kept as long as the payload of
-- its jobs. ?3 the file; ?4 now; ?5 seconds. A file that was uploaded for more than this batch keeps its time.
-- Safe to repeat.
UPDATE files SET expires_at_ms = ?4 + 1000 * ?5
WHERE tenant_id = ?1 AND id = ?3 AND purpose = 'lines'
  AND EXISTS (SELECT 1 FROM batches WHERE tenant_id = ?1 AND id = ?2 AND completed_at_ms IS NOT NULL)
