-- Last step of a batch in OpenAI's shape, in the consumer, after move_batch in the same batch: the files of its answers are whole.
-- ?3 seconds that they are kept from the instant at which each was begun.
-- Safe to repeat: they stay as they are.
UPDATE files SET state = 'stored', expires_at_ms = created_at_ms + 1000 * ?3
WHERE tenant_id = ?1 AND state = 'writing' AND id IN (
  SELECT output_file_id FROM batches WHERE tenant_id = ?1 AND id = ?2 AND completed_at_ms IS NOT NULL
  UNION ALL
  SELECT error_file_id FROM batches WHERE tenant_id = ?1 AND id = ?2 AND completed_at_ms IS NOT NULL)
