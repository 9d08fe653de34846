-- What the guarantees need: idempotent submits, repeatable claims, replays, dropped answers,
-- retention, circuits, and the record of what operators did.
--
-- `jobs` is built anew, because `request` has to stay its last column: what stands behind a long
-- value is slow to read. Rows move over as they are.

-- From a job's end to the deletion of its request and output. At least a day: so long a cached document may live.
ALTER TABLE tenants ADD COLUMN payload_retention_seconds INTEGER NOT NULL DEFAULT 604800
  CONSTRAINT tenants_payload_kept_a_day CHECK (payload_retention_seconds >= 86400);
-- From a job's end to the deletion of its row.
ALTER TABLE tenants ADD COLUMN retention_seconds INTEGER NOT NULL DEFAULT 2592000
  CONSTRAINT tenants_job_outlives_payload CHECK (retention_seconds >= payload_retention_seconds);

DROP INDEX jobs_leased;
DROP INDEX jobs_waiting;
DROP INDEX jobs_unsuccessful;
DROP INDEX jobs_by_ref;
ALTER TABLE jobs RENAME TO jobs_before;

CREATE TABLE jobs (
  tenant_id        TEXT    NOT NULL,
  id               TEXT    NOT NULL,
  kind             TEXT    NOT NULL,
  state            TEXT    NOT NULL,
  attempt          INTEGER NOT NULL, -- number of the latest attempt, 0 before the first; only a claim raises it, and it is the fence
  failures         INTEGER NOT NULL, -- attempts since the submit or the latest replay that count against max_attempts
  deferrals        INTEGER NOT NULL, -- attempts postponed without blame
  rescues          INTEGER NOT NULL, -- attempts whose lease ran out; a replay leaves at most one
  dispatches       INTEGER NOT NULL, -- times the sweep sent the message again
  max_attempts     INTEGER NOT NULL, -- failures allowed before the job is dead-lettered
  created_at_ms    INTEGER NOT NULL,
  deadline_seconds INTEGER NOT NULL, -- from the submit, or a replay, to the deadline
  deadline_at_ms   INTEGER NOT NULL, -- no attempt begins after it
  due_at_ms        INTEGER,          -- queued, retry_scheduled: when it may run; running: when the lease runs out; NULL: terminal
  claimed_by       TEXT,             -- the delivery that made the latest claim, so that it may ask again; NULL: never claimed
  started_at_ms    INTEGER,          -- start of the latest attempt; NULL: never claimed
  completed_at_ms  INTEGER,          -- NULL: not terminal
  expires_at_ms    INTEGER,          -- when the sweep deletes the payload and, once that is gone, the row; NULL: not terminal
  model            TEXT,             -- as asked for, then as answered; NULL: the configured default
  error_code       TEXT,             -- of the latest attempt that did not succeed; NULL: none so far, or succeeded
  error            TEXT,             -- JSON beside error_code: message, retryable, cause, provider, providerStatus, excerpt, …
  fingerprint      TEXT,             -- what dead letters of one cause share: code:cause:provider:model:providerStatus; NULL: never dead-lettered
  ref_type         TEXT,             -- the client's own; NULL: not given
  ref_id           TEXT,             -- the client's own; NULL: not given
  idempotency_key  TEXT,             -- of the submit; NULL: not given, or given up after 24 hours
  request_hash     TEXT,             -- SHA-256 of the submit's body, hex; NULL: no idempotency key
  metadata         TEXT    NOT NULL, -- JSON object of strings, the client's own
  attempts         TEXT    NOT NULL, -- JSON array, one entry a finished attempt, the latest 100
  replays          TEXT    NOT NULL, -- JSON array, one entry a replay, oldest first
  dropped_answers  TEXT    NOT NULL, -- JSON array, one entry for each answer that met a closed fence
  request          TEXT,             -- JSON of what the provider is asked; NULL: deleted; last, so that the others are read without it
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT jobs_kind_known CHECK (kind IN ('generate', 'execute', 'execute_tests')),
  CONSTRAINT jobs_state_known CHECK (state IN ('queued', 'running', 'retry_scheduled', 'succeeded', 'failed', 'dead_lettered', 'cancelled')),
  CONSTRAINT jobs_due_until_terminal CHECK ((due_at_ms IS NULL) = (state IN ('succeeded', 'failed', 'dead_lettered', 'cancelled'))),
  CONSTRAINT jobs_completed_when_terminal CHECK ((completed_at_ms IS NULL) = (due_at_ms IS NOT NULL)),
  CONSTRAINT jobs_expire_when_terminal CHECK ((expires_at_ms IS NULL) = (due_at_ms IS NOT NULL)),
  CONSTRAINT jobs_request_until_terminal CHECK (request IS NOT NULL OR due_at_ms IS NULL),
  CONSTRAINT jobs_counts_not_negative CHECK (attempt >= 0 AND failures >= 0 AND deferrals >= 0 AND rescues >= 0 AND dispatches >= 0),
  CONSTRAINT jobs_counts_add_up CHECK (failures + deferrals + rescues <= attempt),
  CONSTRAINT jobs_max_attempts_in_range CHECK (max_attempts BETWEEN 1 AND 20),
  CONSTRAINT jobs_json_valid CHECK (
    json_valid(attempts) AND json_valid(metadata) AND json_valid(replays) AND json_valid(dropped_answers)
    AND (error IS NULL OR json_valid(error))),
  CONSTRAINT jobs_reason_given CHECK (state NOT IN ('failed', 'dead_lettered') OR error_code IS NOT NULL),
  CONSTRAINT jobs_dead_letters_sorted CHECK (state <> 'dead_lettered' OR fingerprint IS NOT NULL),
  CONSTRAINT jobs_idempotency_key_hashed CHECK (idempotency_key IS NULL OR request_hash IS NOT NULL)
) STRICT, WITHOUT ROWID;

INSERT INTO jobs
SELECT
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, dispatches, max_attempts, created_at_ms,
  (deadline_at_ms - created_at_ms) / 1000, deadline_at_ms, due_at_ms, NULL, started_at_ms, completed_at_ms,
  completed_at_ms + 604800000, model, error_code, error,
  iif(state = 'dead_lettered', error_code || ':-:-:' || coalesce(model, '-') || ':-', NULL),
  ref_type, ref_id, NULL, NULL, metadata, attempts, '[]', '[]', request
FROM jobs_before;

DROP TABLE jobs_before;

-- What the sweep walks. Separate indexes, so that a long backlog of waiting jobs costs nothing to
-- the search for leases that ran out; a job stands in one of the three at a time. What the sweep
-- tells the jobs apart by stands in the index as well, so that it reads no row that it passes over.
CREATE INDEX jobs_leased ON jobs (due_at_ms, rescues) WHERE state = 'running';
CREATE INDEX jobs_waiting ON jobs (due_at_ms, deadline_at_ms, state) WHERE state IN ('queued', 'retry_scheduled');
CREATE INDEX jobs_expiring ON jobs (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

-- What did not succeed, by tenant; success, the common case, pays nothing for it.
CREATE INDEX jobs_unsuccessful ON jobs (tenant_id, state, id) WHERE state IN ('failed', 'dead_lettered', 'cancelled');

-- The client's own references; jobs without one pay nothing for it.
CREATE INDEX jobs_by_ref ON jobs (tenant_id, ref_type, ref_id, id) WHERE ref_id IS NOT NULL;

-- One job an idempotency key: a second insert meets this, whatever two Workers do at once.
CREATE UNIQUE INDEX jobs_by_idempotency_key ON jobs (tenant_id, kind, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- What retention deletes of them. There is hardly ever one.
CREATE INDEX undecodable_messages_by_age ON undecodable_messages (received_at_ms);

-- Providers that are not to be called for a while. No row: the circuit is closed.
CREATE TABLE provider_circuits (
  provider     TEXT    NOT NULL,
  model        TEXT    NOT NULL,
  credential   TEXT    NOT NULL, -- the beginning of the SHA-256 of the key, so that a new key starts afresh; '' without a key
  state        TEXT    NOT NULL, -- open: nobody calls; half_open: one attempt probes
  code         TEXT    NOT NULL, -- the error code that opened it
  opened_at_ms INTEGER NOT NULL, -- when it left `closed`
  until_ms     INTEGER NOT NULL, -- open: no call before; half_open: when the probe counts as lost
  PRIMARY KEY (provider, model, credential),
  CONSTRAINT provider_circuits_state_known CHECK (state IN ('open', 'half_open'))
) STRICT, WITHOUT ROWID;

-- What operators did, never changed.
CREATE TABLE audit_log (
  tenant_id       TEXT    NOT NULL,
  id              TEXT    NOT NULL,
  at_ms           INTEGER NOT NULL,
  actor           TEXT    NOT NULL, -- the id of the API key
  action          TEXT    NOT NULL,
  subject         TEXT    NOT NULL, -- the id of what was acted on
  detail          TEXT    NOT NULL, -- JSON object
  idempotency_key TEXT,             -- of the request; NULL: not given, or given up after 24 hours
  request_hash    TEXT,             -- SHA-256 of the request's body and subject, hex; NULL: no idempotency key
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT audit_log_detail_valid CHECK (json_valid(detail)),
  CONSTRAINT audit_log_idempotency_key_hashed CHECK (idempotency_key IS NULL OR request_hash IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX audit_log_by_idempotency_key ON audit_log (tenant_id, action, idempotency_key) WHERE idempotency_key IS NOT NULL;
