-- Commit, in the consumer, first in the batch, while the fences are as the attempts left them: what their calls used.
-- ?1 is a JSON array, one object a call. Calls of one day, tenant, provider and model become one row, whoever made them.
-- A sum is of what is known; where nothing is, it stays NULL.
-- Safe to repeat: a call counts while its job is running its attempt, which the rest of the batch ends.
INSERT INTO usage_daily (
  day, tenant_id, provider, model, calls, answers, input_tokens, output_tokens, cached_tokens, reasoning_tokens,
  cost_micro_usd, calls_without_usage, calls_without_price
)
SELECT
  value ->> '$.day', value ->> '$.tenant', value ->> '$.provider', value ->> '$.model', count(*), sum(value ->> '$.answered'),
  sum(value ->> '$.input'), sum(value ->> '$.output'), sum(value ->> '$.cached'), sum(value ->> '$.reasoning'),
  sum(value ->> '$.cost'), sum(value ->> '$.withoutUsage'), sum(value ->> '$.withoutPrice')
FROM json_each(?1)
WHERE EXISTS (
  SELECT 1 FROM jobs
  WHERE jobs.tenant_id = value ->> '$.tenant' AND jobs.id = value ->> '$.job'
    AND jobs.state = 'running' AND jobs.attempt = value ->> '$.attempt'
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
