-- Consumer: a message that could not be read, kept for the operator. Safe to repeat: the first record stays.
INSERT INTO undecodable_messages (message_id, queue, reason, excerpt, received_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (message_id) DO NOTHING
