-- Commit, in the consumer, before complete_job in the same batch: the answer, while the fence holds.
-- Safe to repeat: the guard fails once the job has left this attempt.
INSERT INTO task_results (
  job_id, tenant_id, attempt, output, finish_reason, truncated, warnings, input_tokens,
  output_tokens, total_tokens, provider, model, provider_request_id, finished_at_ms,
  cached_tokens, reasoning_tokens, cost_micro_usd, raw_finish_reason, stop_category
)
SELECT ?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19
WHERE EXISTS (SELECT 1 FROM jobs WHERE tenant_id = ?1 AND id = ?2 AND state = 'running' AND attempt = ?3)
