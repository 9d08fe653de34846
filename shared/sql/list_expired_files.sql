-- Retention, in the sweep: files whose time is over. Reads only. ?1 now; ?2 rows at most.
-- Not the file of a batch that has not ended, however long that takes: its lines are owed. The end of the batch sets its time.
SELECT tenant_id, id, chunks
FROM files
WHERE expires_at_ms <= ?1
  AND NOT EXISTS (
    SELECT 1 FROM batches INDEXED BY batches_active
    WHERE batches.tenant_id = files.tenant_id AND batches.due_at_ms IS NOT NULL AND batches.file_id = files.id)
ORDER BY expires_at_ms
LIMIT ?2
