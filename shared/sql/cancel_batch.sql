-- Cancel, in the producer: no more lines become jobs, and those that wait are not run. ?3 now.
-- The step that is under way loses its fence. Safe to repeat: zero rows once it is cancelling, or terminal.
UPDATE batches
SET status = 'cancelling', cancelled_at_ms = ?3, due_at_ms = ?3, step = step + 1
WHERE tenant_id = ?1 AND id = ?2 AND status IN ('validating', 'in_progress')
