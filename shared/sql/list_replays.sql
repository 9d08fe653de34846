-- Replays of many letters, in the producer: a tenant's, newest first. Reads only. ?2 before this id; ?3 rows at most.
SELECT
  tenant_id, id, status, reason, actor, note, selection, overrides, max_per_second, sample_count, sample_percent, sampled_at_ms,
  matched, replayed, skipped, created_at_ms, paced_at_ms, paced_replayed, finished_at_ms, due_at_ms, step, last_job_id
FROM replays
WHERE tenant_id = ?1 AND id < ?2
ORDER BY id DESC
LIMIT ?3
