-- Replay of many letters, in the producer: those that it put back, and how each stands, in the order of their ids. Reads only.
-- ?3 after this job; ?4 rows at most.
SELECT items.job_id AS id, coalesce(jobs.state, items.state) AS state
FROM replay_items AS items
LEFT JOIN jobs ON items.state = 'queued' AND jobs.tenant_id = ?1 AND jobs.id = items.job_id
WHERE items.tenant_id = ?1 AND items.replay_id = ?2 AND items.job_id > ?3
ORDER BY items.job_id
LIMIT ?4
