-- Circuit, in the consumer: half_open -> closed, by the probe that was answered. No row means closed.
-- ?4 when that probe counts as lost: no other probe has the same, as each is taken after the one before counts as lost.
-- An opening that came in between stays, because then the state is not half_open.
-- Safe to repeat: the row is gone.
DELETE FROM provider_circuits
WHERE provider = ?1 AND model = ?2 AND credential = ?3 AND state = 'half_open' AND until_ms = ?4
