-- Batches, in the producer: a batch's dead letters by their reason. Reads only.
-- ?2 and ?3 before the first and after the last id of its jobs.
SELECT error_code, count(*) AS letters
FROM jobs INDEXED BY jobs_dead_letters
WHERE tenant_id = ?1 AND state = 'dead_lettered' AND id > ?2 AND id < ?3
GROUP BY error_code
