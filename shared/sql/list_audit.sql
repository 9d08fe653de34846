-- Audit log, in the producer: a tenant's entries, newest first. Reads only.
-- ?2 before this id; ?3 from this id on; ?4 action, ?5 who, ?6 subject, each or NULL; ?7 rows at most.
SELECT id, at_ms, actor, action, subject, detail
FROM audit_log
WHERE tenant_id = ?1 AND id < ?2 AND id >= ?3
  AND (?4 IS NULL OR action = ?4)
  AND (?5 IS NULL OR actor = ?5)
  AND (?6 IS NULL OR subject = ?6)
ORDER BY id DESC
LIMIT ?7
