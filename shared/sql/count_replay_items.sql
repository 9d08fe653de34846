-- Replay of many letters: what became of those that it put back, by their states, and what that cost. Reads only.
SELECT coalesce(jobs.state, items.state) AS state, count(*) AS letters, sum(items.cost_micro_usd) AS cost_micro_usd
FROM replay_items AS items
LEFT JOIN jobs ON items.state = 'queued' AND jobs.tenant_id = ?1 AND jobs.id = items.job_id
WHERE items.tenant_id = ?1 AND items.replay_id = ?2
GROUP BY 1
