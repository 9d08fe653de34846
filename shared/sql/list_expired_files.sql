-- Retention, in the sweep: files whose time is over. Reads only. ?1 now; ?2 rows at most.
SELECT tenant_id, id, chunks FROM files WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms LIMIT ?2
