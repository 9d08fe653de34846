-- Retention, in the sweep, before delete_batches in the same batch: what batches whose time is over tell of their jobs' order.
-- ?1 now; ?2 rows looked at, the same as there. Safe to repeat.
DELETE FROM batch_completions
WHERE batch_id IN (SELECT id FROM batches WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms LIMIT ?2)
