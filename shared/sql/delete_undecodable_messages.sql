-- Retention, in the sweep: messages that could not be read and that no operator needs any more.
-- ?1 the latest instant of receipt that is over; ?2 rows at most.
-- Safe to repeat: what is gone is not deleted again.
DELETE FROM undecodable_messages
WHERE message_id IN (
  SELECT message_id FROM undecodable_messages
  WHERE received_at_ms <= ?1
  ORDER BY received_at_ms LIMIT ?2
)
