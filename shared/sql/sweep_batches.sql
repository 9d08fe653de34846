-- Sweep, in the consumer: batches whose next step is overdue, so its message is missing; sent again.
-- ?1 now; ?2 the latest instant that is overdue; ?3 rows at most.
-- Safe to repeat: the row is due now, and is passed over until the grace is over again.
UPDATE batches SET due_at_ms = ?1
WHERE (tenant_id, id) IN (
  SELECT tenant_id, id FROM batches WHERE due_at_ms <= ?2 ORDER BY due_at_ms LIMIT ?3
)
RETURNING tenant_id, id
