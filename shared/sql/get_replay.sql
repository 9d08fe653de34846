-- Replay of many letters: one. Reads only.
SELECT
  tenant_id, id, status, reason, actor, note, selection, overrides, max_per_second, sample_count, sample_percent, sampled_at_ms,
  matched, replayed, skipped, created_at_ms, paced_at_ms, paced_replayed, finished_at_ms, due_at_ms, step, last_job_id
FROM replays
WHERE tenant_id = ?1 AND id = ?2
