-- The pipeline: tenants, their keys, their jobs, and what became of the jobs.
--
-- Instants are integer milliseconds since the Unix epoch (`…_at_ms`), lengths are whole seconds.
-- A column that may be NULL says what NULL means.

CREATE TABLE tenants (
  id            TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
  hash          TEXT    NOT NULL, -- HMAC-SHA-256 of the key under KEY_HASH_SECRET, hex; the key itself is nowhere
  id            TEXT    NOT NULL,
  tenant_id     TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  start         TEXT    NOT NULL, -- the key's first characters, to recognise it by
  scopes        TEXT    NOT NULL, -- separated by single spaces
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER,          -- NULL: never
  revoked_at_ms INTEGER,          -- NULL: not revoked; written once, by the revocation
  PRIMARY KEY (hash)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX api_keys_by_id ON api_keys (id);
CREATE UNIQUE INDEX api_keys_by_tenant ON api_keys (tenant_id, id);

-- A row in `queued` is the promise to run the job: this table is the queue's outbox.
-- The key begins with the tenant, and ids begin with their instant, so that a tenant's jobs lie
-- together, in order of age, without an index of their own.
CREATE TABLE jobs (
  tenant_id       TEXT    NOT NULL,
  id              TEXT    NOT NULL,
  kind            TEXT    NOT NULL,
  state           TEXT    NOT NULL,
  attempt         INTEGER NOT NULL, -- number of the latest attempt, 0 before the first; only a claim raises it, and it is the fence
  failures        INTEGER NOT NULL, -- attempts that count against max_attempts
  deferrals       INTEGER NOT NULL, -- attempts postponed without blame
  rescues         INTEGER NOT NULL, -- attempts whose lease ran out
  dispatches      INTEGER NOT NULL, -- times the sweep sent the message again
  max_attempts    INTEGER NOT NULL, -- failures allowed before the job is dead-lettered
  created_at_ms   INTEGER NOT NULL,
  deadline_at_ms  INTEGER NOT NULL, -- no attempt begins after it
  due_at_ms       INTEGER,          -- queued, retry_scheduled: when it may run; running: when the lease runs out; NULL: terminal
  started_at_ms   INTEGER,          -- start of the latest attempt; NULL: never claimed
  completed_at_ms INTEGER,          -- NULL: not terminal
  model           TEXT,             -- as asked for, then as answered; NULL: the configured default
  error_code      TEXT,             -- of the latest attempt that did not succeed; NULL: none so far, or succeeded
  error           TEXT,             -- JSON beside error_code: message, retryable, provider, providerStatus, excerpt
  ref_type        TEXT,             -- the client's own; NULL: not given
  ref_id          TEXT,             -- the client's own; NULL: not given
  metadata        TEXT    NOT NULL, -- JSON object of strings, the client's own
  attempts        TEXT    NOT NULL, -- JSON array, one entry a finished attempt, the latest 100
  request         TEXT    NOT NULL, -- JSON of what the provider is asked; last, so that the others are read without it
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT jobs_kind_known CHECK (kind IN ('generate')),
  CONSTRAINT jobs_state_known CHECK (state IN ('queued', 'running', 'retry_scheduled', 'succeeded', 'failed', 'dead_lettered', 'cancelled')),
  CONSTRAINT jobs_due_until_terminal CHECK ((due_at_ms IS NULL) = (state IN ('succeeded', 'failed', 'dead_lettered', 'cancelled'))),
  CONSTRAINT jobs_completed_when_terminal CHECK ((completed_at_ms IS NULL) = (due_at_ms IS NOT NULL)),
  CONSTRAINT jobs_counts_not_negative CHECK (attempt >= 0 AND failures >= 0 AND deferrals >= 0 AND rescues >= 0 AND dispatches >= 0),
  CONSTRAINT jobs_counts_add_up CHECK (failures + deferrals + rescues <= attempt),
  CONSTRAINT jobs_max_attempts_in_range CHECK (max_attempts BETWEEN 1 AND 20),
  CONSTRAINT jobs_json_valid CHECK (json_valid(attempts) AND json_valid(metadata) AND (error IS NULL OR json_valid(error))),
  CONSTRAINT jobs_reason_given CHECK (state NOT IN ('failed', 'dead_lettered') OR error_code IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- What the sweep walks: everything that still has to end. Two indexes, so that a long backlog of
-- waiting jobs costs nothing to the search for leases that ran out; a job stands in one at a time.
CREATE INDEX jobs_leased ON jobs (due_at_ms) WHERE state = 'running';
CREATE INDEX jobs_waiting ON jobs (due_at_ms) WHERE state IN ('queued', 'retry_scheduled');

-- What did not succeed, by tenant; success, the common case, pays nothing for it.
CREATE INDEX jobs_unsuccessful ON jobs (tenant_id, state, id) WHERE state IN ('failed', 'dead_lettered', 'cancelled');

-- The client's own references; jobs without one pay nothing for it.
CREATE INDEX jobs_by_ref ON jobs (tenant_id, ref_type, ref_id, id) WHERE ref_id IS NOT NULL;

-- One row a job at most: the key is the last line of defence against a second answer.
CREATE TABLE task_results (
  job_id         TEXT    NOT NULL,
  tenant_id      TEXT    NOT NULL,
  attempt        INTEGER NOT NULL, -- the attempt that answered
  output         TEXT    NOT NULL,
  finish_reason  TEXT    NOT NULL,
  truncated      INTEGER NOT NULL, -- 1: the answer was cut at a limit
  warnings       TEXT    NOT NULL, -- JSON array of codes
  input_tokens   INTEGER,          -- NULL: the provider did not say; so for the next two
  output_tokens  INTEGER,
  total_tokens   INTEGER,
  provider       TEXT    NOT NULL,
  model          TEXT    NOT NULL, -- as the provider names what answered
  provider_request_id TEXT,        -- NULL: the provider gave none
  finished_at_ms INTEGER NOT NULL,
  PRIMARY KEY (job_id),
  CONSTRAINT task_results_truncated_is_flag CHECK (truncated IN (0, 1))
) STRICT, WITHOUT ROWID;

-- Queue messages that could not be read: kept for the operator, because they name no job.
CREATE TABLE undecodable_messages (
  message_id     TEXT    NOT NULL, -- the queue's own id
  queue          TEXT    NOT NULL,
  reason         TEXT    NOT NULL,
  excerpt        TEXT    NOT NULL, -- the body's first 2,048 characters
  received_at_ms INTEGER NOT NULL,
  PRIMARY KEY (message_id)
) STRICT, WITHOUT ROWID;
