-- Whatever an operator or a client does, right after the statement that does it, in the same batch: an entry in the audit log
-- when that statement changed something.
-- ?2 the entry's fresh id; ?3 now; ?4 who; ?5 action; ?6 subject; ?7 detail, JSON.
-- Safe to repeat: the statement before it changes nothing a second time, and the entry is there once.
INSERT INTO audit_log (tenant_id, id, at_ms, actor, action, subject, detail)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE changes() > 0
ON CONFLICT DO NOTHING
