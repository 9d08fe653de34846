-- Admin, in the producer, right after the statement that makes or revokes a key, in the same batch: an entry in the audit log of
-- the key's tenant when that statement changed something.
-- ?1 the key; ?2 the entry's fresh id; ?3 now; ?4 who; ?5 action.
-- Safe to repeat: the statement before it changes nothing a second time, and the entry is there once.
INSERT INTO audit_log (tenant_id, id, at_ms, actor, action, subject, detail)
SELECT
  tenant_id, ?2, ?3, ?4, ?5, id,
  json_object('name', name, 'start', start, 'scopes', scopes, 'expiresAtMs', expires_at_ms)
FROM api_keys
WHERE id = ?1 AND changes() > 0
ON CONFLICT DO NOTHING
