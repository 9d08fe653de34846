-- Sweep, in the consumer: waiting and due for longer than the grace, so its message is missing; sent again.
-- ?1 now; ?2 the latest due instant that is overdue for a single job, ?4 for one of many; ?3 messages that one sweep sends at most, those of sweep_rescue, before it
-- in the same batch, among them: the rows that it put back are due just now.
-- Whether the deadline is over is not asked, so that no crowd of such jobs has to be passed over: sweep_deadline, before it in
-- the same batch, takes most, and the delivery of its message ends what is left.
-- Safe to repeat: the row is due now, and is passed over until the grace is over again.
UPDATE jobs
SET due_at_ms = ?1, dispatches = dispatches + 1
WHERE (tenant_id, id) IN (
  SELECT tenant_id, id FROM jobs
  WHERE due_at_ms <= max(?2, ?4) AND due_at_ms <= iif(bulk = 1, ?4, ?2) AND state IN ('queued', 'retry_scheduled')
  ORDER BY due_at_ms
  LIMIT max(0, ?3 - (SELECT count(*) FROM (
    SELECT 1 FROM jobs WHERE due_at_ms = ?1 AND state IN ('queued', 'retry_scheduled') LIMIT ?3
  )))
)
RETURNING tenant_id, id, bulk
