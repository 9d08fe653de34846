-- Step of a batch, in the consumer: what else it goes by. Reads only.
SELECT
  coalesce(tenants.payload_retention_seconds, 604800) AS payload_retention_seconds,
  coalesce(tenants.retention_seconds, 2592000) AS retention_seconds,
  tenants.default_providers AS default_providers,
  (SELECT count(*) FROM batches WHERE tenant_id = ?1 AND due_at_ms IS NOT NULL) AS active
FROM (SELECT ?1 AS tenant_id) AS asked LEFT JOIN tenants ON tenants.id = asked.tenant_id
