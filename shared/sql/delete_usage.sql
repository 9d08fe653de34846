-- Retention, in the sweep: usage of days that are too old. ?1 the first day that is kept; ?2 rows at most.
-- Safe to repeat: what is gone is not deleted again.
DELETE FROM usage_daily
WHERE (day, tenant_id, provider, model) IN (
  SELECT day, tenant_id, provider, model FROM usage_daily
  WHERE day < ?1
  ORDER BY day LIMIT ?2
)
