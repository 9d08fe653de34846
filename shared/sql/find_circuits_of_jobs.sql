-- Claim, in the consumer, in the same batch: the circuits that the jobs of a delivery meet and that are not closed.
-- ?1 is a JSON array of [tenant, job]; ?2 the provider; ?3 the credential; ?4 the model of jobs that name none. Reads only.
SELECT provider, model, credential, state, code, opened_at_ms, until_ms
FROM provider_circuits
WHERE provider = ?2 AND credential = ?3 AND model IN (
  SELECT coalesce(model, ?4) FROM jobs
  WHERE (tenant_id, id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))
)
