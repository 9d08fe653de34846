-- Admin, in the producer. Safe to repeat: the first revocation's instant stays.
UPDATE api_keys
SET revoked_at_ms = ?2
WHERE id = ?1 AND revoked_at_ms IS NULL
