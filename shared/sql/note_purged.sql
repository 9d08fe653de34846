-- Purge, in the producer, right after delete_letters in the same batch: the entry in the audit log counts what is gone.
-- ?2 the entry. Safe to repeat: a second delete_letters deletes nothing.
UPDATE audit_log
SET detail = json_set(detail, '$.purged', (detail ->> '$.purged') + changes())
WHERE tenant_id = ?1 AND id = ?2
RETURNING detail ->> '$.purged' AS purged
