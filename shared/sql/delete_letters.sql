-- Purge, in the producer, after delete_results_of_letters in the same batch: dead letters, with all that was asked and told.
-- ?2 JSON array of jobs; ?3 letters that died later are not meant: one that was replayed and died again stays.
-- Safe to repeat: what is gone is not deleted again.
DELETE FROM jobs
WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2)) AND state = 'dead_lettered' AND completed_at_ms <= ?3
