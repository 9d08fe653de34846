-- Retention, in the sweep, before delete_replays in the same batch: what the replays put back whose time is over.
-- ?1 now; ?2 replays looked at, the same as there; ?3 rows at most. Safe to repeat.
DELETE FROM replay_items
WHERE (tenant_id, replay_id, job_id) IN (
  SELECT tenant_id, replay_id, job_id FROM replay_items
  WHERE (tenant_id, replay_id) IN (SELECT tenant_id, id FROM replays WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms LIMIT ?2)
  LIMIT ?3
)
