-- Several providers: a tenant's own order of them, what their calls used, and their limits.

-- Whom the tenant's jobs ask that name nobody: JSON array of {provider, model}; NULL: as the deployment says.
ALTER TABLE tenants ADD COLUMN default_providers TEXT
  CONSTRAINT tenants_default_providers_valid CHECK (default_providers IS NULL OR json_valid(default_providers));

-- More of what an answer used; NULL: the provider did not say, or the row is older than the column.
ALTER TABLE task_results ADD COLUMN cached_tokens INTEGER;    -- those of input_tokens that the provider had in its cache
ALTER TABLE task_results ADD COLUMN reasoning_tokens INTEGER; -- those of output_tokens that the model spent on reasoning
ALTER TABLE task_results ADD COLUMN cost_micro_usd INTEGER;   -- NULL also: no price is configured

-- What the calls of a day used. Written with the commit of an attempt, behind its fence, so that a call is counted once.
-- The key begins with the day, so that what is too old lies together and retention needs no index of its own: an index
-- would be one more row to write for a job. A tenant's days are looked up one by one.
-- A sum that may be NULL is of the calls for which the number is known; NULL: it is known of none, which is not 0.
CREATE TABLE usage_daily (
  day                 TEXT    NOT NULL, -- YYYY-MM-DD in UTC, on which the attempt ended
  tenant_id           TEXT    NOT NULL,
  provider            TEXT    NOT NULL, -- by its name in the configuration
  model               TEXT    NOT NULL, -- as it was asked for
  calls               INTEGER NOT NULL, -- times it was asked, once an attempt, whatever came of it
  answers             INTEGER NOT NULL, -- those of them whose answer was taken
  input_tokens        INTEGER,
  output_tokens       INTEGER,
  cached_tokens       INTEGER,          -- among input_tokens
  reasoning_tokens    INTEGER,          -- among output_tokens
  cost_micro_usd      INTEGER,
  calls_without_usage INTEGER NOT NULL, -- calls that may be charged for, of which no token is known
  calls_without_price INTEGER NOT NULL, -- calls of which tokens are known and the cost is not
  PRIMARY KEY (day, tenant_id, provider, model),
  CONSTRAINT usage_daily_day_is_date CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  CONSTRAINT usage_daily_counts_are_of_calls CHECK (
    answers BETWEEN 0 AND calls AND calls_without_usage BETWEEN 0 AND calls AND calls_without_price BETWEEN 0 AND calls)
) STRICT, WITHOUT ROWID;

-- Calls under way to providers with a limit on how many there may be at a time. No limit, no rows.
CREATE TABLE provider_slots (
  provider    TEXT    NOT NULL, -- by its name in the configuration
  holder      TEXT    NOT NULL, -- the call, by a name of its own
  taken_at_ms INTEGER NOT NULL,
  until_ms    INTEGER NOT NULL, -- when the slot is free again, if the holder does not give it back before
  PRIMARY KEY (provider, holder)
) STRICT, WITHOUT ROWID;

-- The calls of a minute to providers with a limit on them. No limit, no row.
CREATE TABLE provider_minutes (
  provider      TEXT    NOT NULL, -- by its name in the configuration
  minute_at_ms  INTEGER NOT NULL, -- when the minute began that is counted
  calls         INTEGER NOT NULL, -- calls in it so far
  latest_holder TEXT    NOT NULL, -- the latest call that was counted, so that it may ask again
  PRIMARY KEY (provider),
  CONSTRAINT provider_minutes_counts_calls CHECK (calls >= 1)
) STRICT, WITHOUT ROWID;
