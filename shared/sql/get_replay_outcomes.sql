-- Replay of many letters, in the producer: where those stand that it put back, and what they cost since. Reads only.
SELECT queued, running, retry_scheduled, succeeded, failed, dead_lettered, cancelled, cost_micro_usd
FROM replays
WHERE tenant_id = ?1 AND id = ?2
