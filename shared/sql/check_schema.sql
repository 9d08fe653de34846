-- Readiness, in the producer: fails when the migrations are missing. Reads at most one row of each table.
SELECT
  (SELECT count(*) FROM (SELECT 1 FROM jobs LIMIT 1)) AS jobs,
  (SELECT count(*) FROM (SELECT raw_finish_reason FROM task_results LIMIT 1)) AS task_results,
  (SELECT count(*) FROM (SELECT 1 FROM api_keys LIMIT 1)) AS api_keys,
  (SELECT count(*) FROM (SELECT 1 FROM usage_daily LIMIT 1)) AS usage_daily
