-- Usage, in the producer: a tenant's, by model. Reads only.
-- ?1 is a JSON array of days, the latest first; ?2 the tenant; ?3 rows read at most, those of the latest days.
SELECT
  model AS name, count(*) AS rows_read, sum(calls) AS calls, sum(answers) AS answers, sum(input_tokens) AS input_tokens,
  sum(output_tokens) AS output_tokens, sum(cached_tokens) AS cached_tokens, sum(reasoning_tokens) AS reasoning_tokens,
  sum(cost_micro_usd) AS cost_micro_usd, sum(calls_without_usage) AS calls_without_usage,
  sum(calls_without_price) AS calls_without_price
FROM (
  SELECT usage_daily.*
  FROM json_each(?1) CROSS JOIN usage_daily ON usage_daily.day = json_each.value
  WHERE usage_daily.tenant_id = ?2
  LIMIT ?3
)
GROUP BY model
ORDER BY model
