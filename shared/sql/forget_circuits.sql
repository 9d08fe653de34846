-- Circuit, in the consumer, with an opening: rows that nobody probed for a day after they were over. No row means closed.
-- ?1 the provider; ?2 the latest end that is forgotten. Safe to repeat: the rows are gone.
DELETE FROM provider_circuits
WHERE provider = ?1 AND until_ms <= ?2
