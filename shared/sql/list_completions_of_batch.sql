-- Results of a batch, in the producer: its jobs in the order in which they ended, with their results. Reads only.
-- ?2 batch; ?3 after this number; ?4 rows at most. A job that was replayed comes again when it has ended again, and not before.
SELECT
  batch_completions.sequence,
  jobs.tenant_id, jobs.id, jobs.kind, jobs.state, jobs.attempt, jobs.failures, jobs.deferrals, jobs.rescues,
  jobs.max_attempts, jobs.created_at_ms, jobs.deadline_at_ms, jobs.due_at_ms, jobs.started_at_ms,
  jobs.completed_at_ms, jobs.model, jobs.error_code, jobs.error, jobs.ref_type, jobs.ref_id, jobs.batch_id, jobs.line,
  jobs.custom_id, jobs.metadata, jobs.attempts, jobs.replays, jobs.dropped_answers, jobs.request IS NULL AS payload_deleted,
  task_results.output, task_results.finish_reason, task_results.truncated, task_results.warnings,
  task_results.input_tokens, task_results.output_tokens, task_results.total_tokens,
  task_results.cached_tokens, task_results.reasoning_tokens,
  task_results.raw_finish_reason, task_results.stop_category,
  task_results.provider, task_results.provider_request_id
FROM batch_completions
  JOIN jobs ON jobs.tenant_id = ?1 AND jobs.id = batch_completions.job_id
  LEFT JOIN task_results ON task_results.job_id = jobs.id AND task_results.tenant_id = jobs.tenant_id
WHERE batch_completions.batch_id = ?2 AND batch_completions.sequence > ?3
ORDER BY batch_completions.sequence
LIMIT ?4
