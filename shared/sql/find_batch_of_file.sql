-- Files, in the producer: a batch that has not ended and has its lines in this file. Reads only.
SELECT id FROM batches INDEXED BY batches_active
WHERE tenant_id = ?1 AND due_at_ms IS NOT NULL AND file_id = ?2
LIMIT 1
