-- Purge, in the producer, first in the batch: the ids of the letters that match, each with the number of all. Reads only.
-- ?2 before this id; ?3 from this id on; ?4 the filter, JSON; ?5 rows at most; ?6 now: letters that die later are not meant.
SELECT id, count(*) OVER () AS letters
FROM jobs INDEXED BY jobs_dead_letters
WHERE tenant_id = ?1 AND state = 'dead_lettered' AND id < ?2 AND id >= ?3
  AND (?4 ->> '$.code' IS NULL OR error_code = ?4 ->> '$.code')
  AND (?4 ->> '$.provider' IS NULL OR error_provider = ?4 ->> '$.provider')
  AND (?4 ->> '$.model' IS NULL OR model = ?4 ->> '$.model')
  AND (?4 ->> '$.kind' IS NULL OR kind = ?4 ->> '$.kind')
  AND (?4 ->> '$.batchId' IS NULL OR batch_id = ?4 ->> '$.batchId')
  AND (?4 ->> '$.refType' IS NULL OR ref_type = ?4 ->> '$.refType')
  AND (?4 ->> '$.refId' IS NULL OR ref_id = ?4 ->> '$.refId')
  AND (?4 ->> '$.fingerprint' IS NULL OR fingerprint = ?4 ->> '$.fingerprint')
  AND (?4 ->> '$.deadFromMs' IS NULL OR completed_at_ms >= ?4 ->> '$.deadFromMs')
  AND (?4 ->> '$.deadBeforeMs' IS NULL OR completed_at_ms < ?4 ->> '$.deadBeforeMs')
  AND (?4 ->> '$.minAttempts' IS NULL OR attempt >= ?4 ->> '$.minAttempts')
  AND (?4 ->> '$.jobIds' IS NULL OR id IN (SELECT value FROM json_each(?4, '$.jobIds')))
  AND completed_at_ms <= ?6
LIMIT ?5
