-- After a commit whose fence was closed, in the consumer, before record_dropped_answer in the same batch: what the calls of
-- that attempt used, none of whose answers was taken.
-- ?1 is a JSON array, one object a call, as for record_usage; ?2 to ?4 tenant, job and attempt.
-- Safe to repeat: it holds to the condition of record_dropped_answer, which ends it.
INSERT INTO usage_daily (
  day, tenant_id, provider, model, calls, answers, input_tokens, output_tokens, cached_tokens, reasoning_tokens,
  cost_micro_usd, calls_without_usage, calls_without_price
)
SELECT
  value ->> '$.day', value ->> '$.tenant', value ->> '$.provider', value ->> '$.model', count(*), 0,
  sum(value ->> '$.input'), sum(value ->> '$.output'), sum(value ->> '$.cached'), sum(value ->> '$.reasoning'),
  sum(value ->> '$.cost'), sum(value ->> '$.withoutUsage'), sum(value ->> '$.withoutPrice')
FROM json_each(?1)
WHERE EXISTS (
  SELECT 1 FROM jobs
  WHERE tenant_id = ?2 AND jobs.id = ?3
    AND NOT EXISTS (SELECT 1 FROM json_each(jobs.dropped_answers) WHERE value ->> '$.attempt' = CAST(?4 AS INTEGER))
    AND NOT EXISTS (
      SELECT 1 FROM json_each(jobs.attempts)
      WHERE value ->> '$.attempt' = CAST(?4 AS INTEGER) AND value ->> '$.outcome' NOT IN ('rescued', 'cancelled')
    )
)
GROUP BY 1, 2, 3, 4
ON CONFLICT (day, tenant_id, provider, model) DO UPDATE
SET
  calls = calls + excluded.calls,
  answers = answers + excluded.answers,
  input_tokens = coalesce(input_tokens + excluded.input_tokens, input_tokens, excluded.input_tokens),
  output_tokens = coalesce(output_tokens + excluded.output_tokens, output_tokens, excluded.output_tokens),
  cached_tokens = coalesce(cached_tokens + excluded.cached_tokens, cached_tokens, excluded.cached_tokens),
  reasoning_tokens = coalesce(reasoning_tokens + excluded.reasoning_tokens, reasoning_tokens, excluded.reasoning_tokens),
  cost_micro_usd = coalesce(cost_micro_usd + excluded.cost_micro_usd, cost_micro_usd, excluded.cost_micro_usd),
  calls_without_usage = calls_without_usage + excluded.calls_without_usage,
  calls_without_price = calls_without_price + excluded.calls_without_price
