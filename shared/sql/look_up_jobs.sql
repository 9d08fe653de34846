-- Claim, in the consumer, in the same batch: what became of the jobs that could not be claimed.
-- ?1 is a JSON array of [tenant, job]. Reads only.
SELECT tenant_id, id, state, rescues, due_at_ms, deadline_at_ms
FROM jobs
WHERE (tenant_id, id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))
