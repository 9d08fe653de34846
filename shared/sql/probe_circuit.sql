-- Circuit, in the consumer: open -> half_open, or half_open anew when the probe before counts as lost.
-- ?4 now; ?5 when this probe counts as lost, by which its own word finds it.
-- A row comes back: this attempt probes. Of many isolates at once one gets it, because the update ends its own condition.
-- Safe to repeat: a repeat changes nothing, and the circuit stays half_open until the probe counts as lost.
UPDATE provider_circuits
SET state = 'half_open', until_ms = ?5
WHERE provider = ?1 AND model = ?2 AND credential = ?3 AND state IN ('open', 'half_open') AND until_ms <= ?4
RETURNING until_ms
