-- Batches, in both Workers: one. Reads only.
SELECT
  tenant_id, id, status, endpoint, file_id, name, metadata, skips_invalid, defaults, lines, invalid_lines, created_at_ms,
  started_at_ms, finalizing_at_ms, cancelled_at_ms, completed_at_ms, window_ends_at_ms, due_at_ms, step, expires_at_ms,
  chunk, chunk_offset, line, unreadable_at_ms, jobs, queued, running, retry_scheduled, succeeded, failed, dead_lettered,
  cancelled, completions, cost_micro_usd, sampled_at_ms, sampled_ended, ended_per_1000_s, output_seconds,
  output_file_id, error_file_id, finding, usage
FROM batches
WHERE tenant_id = ?1 AND id = ?2
