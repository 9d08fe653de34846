-- Replay of many letters, right after the statement that moves it, in the same batch: an entry in the audit log when it moved.
-- ?2 the replay; ?3 the entry's fresh id; ?4 now; ?5 who; ?6 action; ?7 what else to say, JSON.
-- Safe to repeat: the statement before it changes nothing a second time, and the entry is there once.
INSERT INTO audit_log (tenant_id, id, at_ms, actor, action, subject, detail)
SELECT
  tenant_id, ?3, ?4, ?5, ?6, id,
  json_patch(json_object('status', status, 'reason', reason, 'matched', matched, 'replayed', replayed, 'skipped', skipped), ?7)
FROM replays
WHERE tenant_id = ?1 AND id = ?2 AND changes() > 0
ON CONFLICT DO NOTHING
