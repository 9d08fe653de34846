-- After a commit whose fence was closed, in the consumer: what the dropped answer cost.
-- ?4 is the entry, JSON; ?5 what it cost, NULL: not known. Safe to repeat: one entry an attempt, and none for an attempt that the history tells of: its
-- cost is there.
UPDATE jobs
SET
  dropped_answers = json_insert(dropped_answers, '$[#]', json(?4)),
  cost_micro_usd = coalesce(cost_micro_usd + ?5, cost_micro_usd, CAST(?5 AS INTEGER))
WHERE tenant_id = ?1 AND id = ?2
  AND NOT EXISTS (SELECT 1 FROM json_each(jobs.dropped_answers) WHERE value ->> '$.attempt' = CAST(?3 AS INTEGER))
  AND NOT EXISTS (
    SELECT 1 FROM json_each(jobs.attempts)
    WHERE value ->> '$.attempt' = CAST(?3 AS INTEGER) AND value ->> '$.outcome' NOT IN ('rescued', 'cancelled')
  )
