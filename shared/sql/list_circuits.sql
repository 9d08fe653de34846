-- Operators, and every claim in the consumer: the circuits that are not closed. Every provider has a name, so the condition holds for all. Reads only.
SELECT provider, model, credential, state, code, opened_at_ms, until_ms
FROM provider_circuits
WHERE provider > ''
ORDER BY provider, model, credential
LIMIT 1000
