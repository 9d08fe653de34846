-- Replay of many letters: how many of its sample have ended, and how many of those succeeded. Reads only.
-- Letters are put back in the order of their ids, so that the sample is the first of them. ?3 letters of the sample.
SELECT count(*) FILTER (WHERE state <> 'queued') AS finished, count(*) FILTER (WHERE state = 'succeeded') AS succeeded
FROM (
  SELECT state FROM replay_items
  WHERE tenant_id = ?1 AND replay_id = ?2
  ORDER BY job_id
  LIMIT ?3
)
