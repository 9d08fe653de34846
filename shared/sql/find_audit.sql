-- Purge, in the producer, after insert_audit_of_purge in the same batch: whether the entry is there. Reads only.
SELECT id FROM audit_log WHERE tenant_id = ?1 AND id = ?2
