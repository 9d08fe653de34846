-- Replay of many letters with an idempotency key, in the producer, first in the batch: a key that was kept for its time is
-- given up. ?2 key; ?3 the latest instant of a request whose key is given up. Safe to repeat.
UPDATE replays SET idempotency_key = NULL, request_hash = NULL
WHERE tenant_id = ?1 AND idempotency_key = ?2 AND idempotency_key IS NOT NULL AND created_at_ms <= ?3
