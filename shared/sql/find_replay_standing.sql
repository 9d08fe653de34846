-- Replay of many letters, in the producer, after insert_replay in the same batch: the one that runs or is paused, with ?2, an
-- idempotency key, the one that has it, and ?3, the one that was asked for: it is there by a try whose answer was lost, and may
-- have ended since. Reads only.
SELECT id, status, matched, request_hash, idempotency_key IS ?2 AND ?2 IS NOT NULL AS has_key
FROM replays
WHERE tenant_id = ?1 AND status IN ('running', 'paused')
UNION
SELECT id, status, matched, request_hash, idempotency_key IS ?2 AND ?2 IS NOT NULL
FROM replays
WHERE tenant_id = ?1 AND id = ?3
UNION
SELECT id, status, matched, request_hash, 1
FROM replays
WHERE tenant_id = ?1 AND idempotency_key = ?2 AND idempotency_key IS NOT NULL
