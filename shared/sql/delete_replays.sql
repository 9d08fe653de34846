-- Retention, in the sweep: replays whose time is over, once nothing of what they put back is left. ?1 now; ?2 replays looked at.
-- Safe to repeat: what is gone is not deleted again.
DELETE FROM replays
WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM replays WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms LIMIT ?2)
  AND NOT EXISTS (SELECT 1 FROM replay_items AS items WHERE items.tenant_id = replays.tenant_id AND items.replay_id = replays.id)
