-- Circuit, in the consumer, after opening or probing: how it stands now; no row when closed. Reads only.
SELECT provider, model, credential, state, code, opened_at_ms, until_ms
FROM provider_circuits
WHERE provider = ?1 AND model = ?2 AND credential = ?3
