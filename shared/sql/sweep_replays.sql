-- Sweep, in the consumer: replays whose next step is overdue, so its message is missing; sent again.
-- ?1 now; ?2 the latest instant that is overdue; ?3 rows at most.
-- Safe to repeat: the row is due now, and is passed over until the grace is over again.
UPDATE replays SET due_at_ms = ?1
WHERE (tenant_id, id) IN (
  SELECT tenant_id, id FROM replays WHERE due_at_ms <= ?2 ORDER BY due_at_ms LIMIT ?3
)
RETURNING tenant_id, id
