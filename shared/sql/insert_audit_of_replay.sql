-- Replay, in the producer, before replay_job in the same batch: who replayed what, and why it was dead, while it still is.
-- ?3 the entry's fresh id; ?4 now; ?5 who; ?6 what is overridden, JSON; ?7 note; ?8 action; ?9 and ?10 idempotency key and hash.
-- Safe to repeat: the entry is there once. Where another entry has the idempotency key, none is inserted.
INSERT INTO audit_log (tenant_id, id, at_ms, actor, action, subject, detail, idempotency_key, request_hash)
SELECT
  ?1, ?3, ?4, ?5, ?8, id,
  json_object('attempt', attempt, 'code', error_code, 'fingerprint', fingerprint, 'overrides', json(?6), 'note', ?7),
  ?9, ?10
FROM jobs
WHERE tenant_id = ?1 AND id = ?2 AND state = 'dead_lettered' AND request IS NOT NULL
ON CONFLICT DO NOTHING
