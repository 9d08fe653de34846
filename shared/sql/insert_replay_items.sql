-- Step of a replay, in the consumer, before put_back_letters in the same batch: the letters that it puts back, while they are
-- dead and nobody took another step. ?3 the step; ?4 JSON array of {id, chain}; ?5 when the replay was made.
-- Safe to repeat: the guard fails once the step is taken.
INSERT INTO replay_items (tenant_id, replay_id, job_id, state, cost_before_micro_usd)
SELECT ?1, ?2, jobs.id, 'queued', jobs.cost_micro_usd
FROM json_each(?4) AS letter CROSS JOIN jobs
WHERE jobs.tenant_id = ?1 AND jobs.id = letter.value ->> '$.id'
  AND jobs.state = 'dead_lettered' AND jobs.request IS NOT NULL AND jobs.completed_at_ms <= ?5
  AND EXISTS (SELECT 1 FROM replays WHERE tenant_id = ?1 AND id = ?2 AND step = ?3 AND status = 'running')
ON CONFLICT DO NOTHING
