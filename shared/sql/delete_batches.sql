-- Retention, in the sweep: batches whose time is over. ?1 now; ?2 rows looked at. Safe to repeat.
DELETE FROM batches
WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM batches WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms LIMIT ?2)
