-- Batches, in the producer: a tenant's, newest first. Reads only.
-- ?2 before this id; ?3 from this id on; ?4 status or NULL; ?5 1 for those in OpenAI's shape alone; ?6 rows at most.
SELECT
  tenant_id, id, status, endpoint, file_id, name, metadata, skips_invalid, defaults, lines, invalid_lines, created_at_ms,
  started_at_ms, finalizing_at_ms, cancelled_at_ms, completed_at_ms, window_ends_at_ms, due_at_ms, step, expires_at_ms,
  chunk, chunk_offset, line, unreadable_at_ms, jobs, queued, running, retry_scheduled, succeeded, failed, dead_lettered,
  cancelled, completions, cost_micro_usd, sampled_at_ms, sampled_ended, ended_per_1000_s, output_seconds,
  output_file_id, error_file_id, finding, usage
FROM batches
WHERE tenant_id = ?1 AND id < ?2 AND id >= ?3
  AND (?4 IS NULL OR status = ?4)
  AND (?5 = 0 OR endpoint IS NOT NULL)
ORDER BY id DESC
LIMIT ?6
