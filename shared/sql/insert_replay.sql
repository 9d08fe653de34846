-- Replay of many letters, in the producer: it exists from here on, and the letters that match now are owed.
-- ?2 before this id; ?3 from this id on; ?4 the filter, JSON; ?5 the replay; ?6 now; ?7 who; ?8 note; ?9 what is overridden,
-- JSON; ?10 letters a second; ?11 when its first step is due; ?12 and ?13 the sample: letters, and percent that must succeed;
-- ?14 and ?15 idempotency key and hash.
-- Safe to repeat: the id is fresh for each request. Nothing is inserted where no letter matches, where another replay of the
-- tenant runs or is paused, and where another has the idempotency key.
INSERT INTO replays (
  tenant_id, id, status, actor, note, selection, overrides, max_per_second, sample_count, sample_percent, matched, replayed,
  skipped, queued, running, retry_scheduled, succeeded, failed, dead_lettered, cancelled, created_at_ms, paced_at_ms, paced_replayed, due_at_ms, step, idempotency_key, request_hash
)
SELECT ?1, ?5, 'running', ?7, ?8, ?4, ?9, ?10, ?12, ?13, letters, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?6, ?6, 0, ?11, 0, ?14, ?15
FROM (
  SELECT count(*) AS letters
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
)
WHERE letters > 0
ON CONFLICT DO NOTHING
