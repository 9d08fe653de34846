-- Circuit, in the consumer: closed, half_open -> open, after a call that says so; or open for longer.
-- ?4 the error code; ?5 when it left `closed`; ?6 until when nobody calls.
-- An opening is never shortened, by whatever isolate: of two at once the longer one stays, and `opened_at_ms` is the first's.
-- A probe under way loses: the provider spoke after it began, and its word then finds no `half_open` of its own.
-- Safe to repeat: the row has this end by then.
INSERT INTO provider_circuits (provider, model, credential, state, code, opened_at_ms, until_ms)
VALUES (?1, ?2, ?3, 'open', ?4, ?5, ?6)
ON CONFLICT (provider, model, credential) DO UPDATE
SET state = 'open', code = excluded.code, until_ms = excluded.until_ms
WHERE provider_circuits.state = 'half_open' OR provider_circuits.until_ms < excluded.until_ms
