-- Claim, in the consumer, in the same batch, and the dead-letter consumer: where the jobs of messages stand.
-- ?1 is a JSON array of [tenant, job]. Reads only.
SELECT tenant_id, id, state, rescues, due_at_ms, deadline_at_ms
FROM jobs
WHERE (tenant_id, id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))
