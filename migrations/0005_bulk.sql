-- Bulk: batches of jobs and the files they come from, replays of many dead letters.
--
-- `jobs` is built anew, because `request` has to stay its last column: what stands behind a long
-- value is slow to read. Rows move over as they are.

DROP INDEX jobs_leased;
DROP INDEX jobs_waiting;
DROP INDEX jobs_expiring;
DROP INDEX jobs_unsuccessful;
DROP INDEX jobs_by_ref;
DROP INDEX jobs_by_idempotency_key;
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
  created_at_ms    INTEGER NOT NULL, -- of a batch's job: when the batch was submitted
  deadline_seconds INTEGER NOT NULL, -- from the submit, the making of a batch's job, or a replay, to the deadline
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
  error_provider   TEXT,             -- of a dead letter: whom its latest attempt asked; NULL: nobody, or never dead-lettered
  bulk             INTEGER NOT NULL, -- 1: one of many, whose messages go by a queue of their own; 0: somebody waits for this one
  cost_micro_usd   INTEGER,          -- of all its calls so far whose price is known; NULL: of none
  batch_id         TEXT,             -- the batch it belongs to; its id has the batch's digits then, but for the last four: its place; NULL: submitted alone
  line             INTEGER,          -- of a batch's job: its line in what was uploaded, from 1
  custom_id        TEXT,             -- of a batch's job: the client's own name for the line; NULL: not given
  replay_id        TEXT,             -- the replay that put it back last; NULL: none did, or a replay of this one letter
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
  CONSTRAINT jobs_idempotency_key_hashed CHECK (idempotency_key IS NULL OR request_hash IS NOT NULL),
  CONSTRAINT jobs_bulk_is_flag CHECK (bulk IN (0, 1)),
  CONSTRAINT jobs_line_of_batch CHECK ((batch_id IS NULL) = (line IS NULL) AND (custom_id IS NULL OR batch_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO jobs
SELECT
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, dispatches, max_attempts, created_at_ms,
  deadline_seconds, deadline_at_ms, due_at_ms, claimed_by, started_at_ms, completed_at_ms, expires_at_ms, model, error_code,
  error, fingerprint, iif(state = 'dead_lettered', error ->> '$.provider', NULL), 0,
  (SELECT sum(value ->> '$.costMicroUsd') FROM json_each(attempts)), NULL, NULL, NULL, NULL,
  ref_type, ref_id, idempotency_key, request_hash, metadata, attempts, replays, dropped_answers, request
FROM jobs_before;

DROP TABLE jobs_before;

-- What the sweep walks. Separate indexes, so that a long backlog of waiting jobs costs nothing to
-- the search for leases that ran out; a job stands in one of the three at a time. What the sweep
-- tells the jobs apart by stands in the index as well, so that it reads no row that it passes over.
CREATE INDEX jobs_leased ON jobs (due_at_ms, rescues) WHERE state = 'running';
CREATE INDEX jobs_waiting ON jobs (due_at_ms, deadline_at_ms, state, bulk) WHERE state IN ('queued', 'retry_scheduled');
CREATE INDEX jobs_expiring ON jobs (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

-- What did not succeed, by tenant; success, the common case, pays nothing for it.
CREATE INDEX jobs_unsuccessful ON jobs (tenant_id, state, id) WHERE state IN ('failed', 'cancelled');

-- Dead letters, with all that an operator tells them apart by: what a filter passes over, it passes over in the index.
CREATE INDEX jobs_dead_letters ON jobs (
  tenant_id, state, id, error_code, error_provider, model, kind, batch_id, ref_type, ref_id, fingerprint, completed_at_ms,
  attempt, cost_micro_usd
) WHERE state = 'dead_lettered';

-- The client's own references; jobs without one pay nothing for it.
CREATE INDEX jobs_by_ref ON jobs (tenant_id, ref_type, ref_id, id) WHERE ref_id IS NOT NULL;

-- One job an idempotency key: a second insert meets this, whatever two Workers do at once.
CREATE UNIQUE INDEX jobs_by_idempotency_key ON jobs (tenant_id, kind, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- What was uploaded, and what was made of it. The text lies in chunks of whole lines.
CREATE TABLE files (
  tenant_id     TEXT    NOT NULL,
  id            TEXT    NOT NULL,
  purpose       TEXT    NOT NULL, -- lines: of a batch of our own shape; batch: uploaded for one in OpenAI's shape; batch_output: what came of that
  state         TEXT    NOT NULL, -- writing: chunks are still added, and nobody reads it; stored: it is whole, and does not change
  name          TEXT,             -- the client's own; NULL: not given
  chunks        INTEGER NOT NULL, -- chunks so far
  bytes         INTEGER NOT NULL, -- of all chunks
  lines         INTEGER NOT NULL, -- of all chunks, blank ones included
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL, -- when the sweep deletes it
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT files_purpose_known CHECK (purpose IN ('lines', 'batch', 'batch_output')),
  CONSTRAINT files_state_known CHECK (state IN ('writing', 'stored')),
  CONSTRAINT files_sizes_not_negative CHECK (chunks >= 0 AND bytes >= 0 AND lines >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX files_expiring ON files (expires_at_ms);

-- A file's text, in order. Each chunk is whole lines, about a MiB of them.
CREATE TABLE file_chunks (
  file_id    TEXT    NOT NULL,
  number     INTEGER NOT NULL, -- from 0
  first_line INTEGER NOT NULL, -- number of its first line in the file, from 1
  bytes      INTEGER NOT NULL,
  body       TEXT,             -- NULL: it lies in the bucket, under the file's id and this number; last, so that the others are read without it
  PRIMARY KEY (file_id, number)
) STRICT, WITHOUT ROWID;

-- Many jobs submitted as one. The row says how far its lines have become jobs; it is the promise that all of them will.
CREATE TABLE batches (
  tenant_id        TEXT    NOT NULL,
  id               TEXT    NOT NULL,
  status           TEXT    NOT NULL,
  endpoint         TEXT,             -- of a batch in OpenAI's shape: the endpoint of its lines; NULL: a batch of our own shape
  file_id          TEXT    NOT NULL, -- where its lines are
  name             TEXT,             -- the client's own; NULL: not given
  metadata         TEXT    NOT NULL, -- JSON object of strings, the client's own
  skips_invalid    INTEGER NOT NULL, -- 1: a line that breaks a rule becomes a job that is failed; 0: it stops the batch
  defaults         TEXT    NOT NULL, -- JSON object: fields of every line that does not have them
  lines            INTEGER NOT NULL, -- lines that become jobs; 0 until they are counted
  invalid_lines    INTEGER NOT NULL, -- those of them that broke a rule
  created_at_ms    INTEGER NOT NULL,
  started_at_ms    INTEGER,          -- when the first line became a job; NULL: none has yet
  finalizing_at_ms INTEGER,          -- when the last job had ended; NULL: not yet
  cancelled_at_ms  INTEGER,          -- when somebody asked to cancel; NULL: nobody did
  completed_at_ms  INTEGER,          -- when it became terminal; NULL: it is not
  window_ends_at_ms INTEGER,         -- after it no more lines become jobs; NULL: however long it takes
  output_seconds   INTEGER,          -- of a batch in OpenAI's shape: how long its files are kept at most; NULL: as long as payloads are
  due_at_ms        INTEGER,          -- when its next step is due; NULL: there is none
  step             INTEGER NOT NULL, -- steps taken; the fence of the next one
  expires_at_ms    INTEGER,          -- when the sweep deletes the row; NULL: not terminal
  chunk            INTEGER NOT NULL, -- where the next line is: the chunk,
  chunk_offset     INTEGER NOT NULL, -- bytes into it,
  line             INTEGER NOT NULL, -- its number in the file, from 1,
  jobs             INTEGER NOT NULL, -- and its place among the jobs: how many there are so far
  unreadable_at_ms INTEGER,          -- since when that line cannot be read, though its store answers; NULL: it can, or nobody has looked
  queued           INTEGER NOT NULL, -- jobs by state, kept by the triggers on jobs
  running          INTEGER NOT NULL,
  retry_scheduled  INTEGER NOT NULL,
  succeeded        INTEGER NOT NULL,
  failed           INTEGER NOT NULL,
  dead_lettered    INTEGER NOT NULL,
  cancelled        INTEGER NOT NULL,
  completions      INTEGER NOT NULL, -- times a job of it has ended: the latest sequence number
  cost_micro_usd   INTEGER,          -- of its jobs so far, kept by the triggers; NULL: no price is known
  sampled_at_ms    INTEGER,          -- of its latest step: when,
  sampled_ended    INTEGER NOT NULL, -- how many jobs had ended then,
  ended_per_1000_s INTEGER,          -- and how many end in 1,000 seconds, smoothed; NULL: too early to tell
  output_file_id   TEXT,             -- of a batch in OpenAI's shape; NULL: nothing succeeded, or not yet
  error_file_id    TEXT,             -- likewise; NULL: nothing else, or not yet
  finding          TEXT,             -- JSON: what was found in the lines, and how far the files are written; NULL: nothing
  usage            TEXT,             -- JSON: tokens of all answers, once the files are written; NULL: not yet
  idempotency_key  TEXT,             -- of the submit; NULL: not given, or given up after 24 hours
  request_hash     TEXT,             -- SHA-256 of the submit, hex; NULL: no idempotency key
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT batches_status_known CHECK (status IN ('validating', 'in_progress', 'finalizing', 'completed', 'failed', 'cancelling', 'cancelled', 'expired')),
  CONSTRAINT batches_due_until_terminal CHECK ((due_at_ms IS NULL) = (status IN ('completed', 'failed', 'cancelled', 'expired'))),
  CONSTRAINT batches_completed_when_terminal CHECK ((completed_at_ms IS NULL) = (due_at_ms IS NOT NULL)),
  CONSTRAINT batches_expire_when_terminal CHECK ((expires_at_ms IS NULL) = (due_at_ms IS NOT NULL)),
  CONSTRAINT batches_counts_not_negative CHECK (
    queued >= 0 AND running >= 0 AND retry_scheduled >= 0 AND succeeded >= 0 AND failed >= 0 AND dead_lettered >= 0 AND cancelled >= 0),
  CONSTRAINT batches_json_valid CHECK (
    json_valid(metadata) AND json_valid(defaults) AND (finding IS NULL OR json_valid(finding)) AND (usage IS NULL OR json_valid(usage))),
  CONSTRAINT batches_idempotency_key_hashed CHECK (idempotency_key IS NULL OR request_hash IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX batches_by_idempotency_key ON batches (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX batches_due ON batches (due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX batches_active ON batches (tenant_id, id) WHERE due_at_ms IS NOT NULL;
CREATE INDEX batches_expiring ON batches (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

-- The order in which a batch's jobs ended: one row each time a job does, numbered without a gap from 1, so that whoever has
-- read up to a number has missed nothing.
CREATE TABLE batch_completions (
  batch_id TEXT    NOT NULL,
  sequence INTEGER NOT NULL,
  job_id   TEXT    NOT NULL,
  PRIMARY KEY (batch_id, sequence)
) STRICT, WITHOUT ROWID;

-- A batch's counts follow its jobs, whatever moves them.
CREATE TRIGGER batch_gets_job AFTER INSERT ON jobs WHEN NEW.batch_id IS NOT NULL
BEGIN
  UPDATE batches
  SET
    queued = queued + (NEW.state = 'queued'),
    failed = failed + (NEW.state = 'failed'),
    cancelled = cancelled + (NEW.state = 'cancelled'),
    completions = completions + (NEW.completed_at_ms IS NOT NULL)
  WHERE tenant_id = NEW.tenant_id AND id = NEW.batch_id;
  INSERT INTO batch_completions (batch_id, sequence, job_id)
  SELECT id, completions, NEW.id FROM batches
  WHERE tenant_id = NEW.tenant_id AND id = NEW.batch_id AND NEW.completed_at_ms IS NOT NULL;
END;

CREATE TRIGGER batch_job_moves AFTER UPDATE OF state, cost_micro_usd ON jobs
WHEN NEW.batch_id IS NOT NULL AND (NEW.state <> OLD.state OR NEW.cost_micro_usd IS NOT OLD.cost_micro_usd)
BEGIN
  UPDATE batches
  SET
    queued = queued + (NEW.state = 'queued') - (OLD.state = 'queued'),
    running = running + (NEW.state = 'running') - (OLD.state = 'running'),
    retry_scheduled = retry_scheduled + (NEW.state = 'retry_scheduled') - (OLD.state = 'retry_scheduled'),
    succeeded = succeeded + (NEW.state = 'succeeded') - (OLD.state = 'succeeded'),
    failed = failed + (NEW.state = 'failed') - (OLD.state = 'failed'),
    dead_lettered = dead_lettered + (NEW.state = 'dead_lettered') - (OLD.state = 'dead_lettered'),
    cancelled = cancelled + (NEW.state = 'cancelled') - (OLD.state = 'cancelled'),
    completions = completions + (NEW.state <> OLD.state AND NEW.completed_at_ms IS NOT NULL),
    cost_micro_usd = iif(NEW.cost_micro_usd IS OLD.cost_micro_usd, cost_micro_usd,
      coalesce(cost_micro_usd, 0) + coalesce(NEW.cost_micro_usd, 0) - coalesce(OLD.cost_micro_usd, 0))
  WHERE tenant_id = NEW.tenant_id AND id = NEW.batch_id;
  INSERT INTO batch_completions (batch_id, sequence, job_id)
  SELECT id, completions, NEW.id FROM batches
  WHERE tenant_id = NEW.tenant_id AND id = NEW.batch_id AND NEW.state <> OLD.state AND NEW.completed_at_ms IS NOT NULL;
END;

-- Dead letters put back by one request, at a pace. The row says how far it is; it is the promise to go on.
CREATE TABLE replays (
  tenant_id       TEXT    NOT NULL,
  id              TEXT    NOT NULL,
  status          TEXT    NOT NULL,
  reason          TEXT,             -- why it ended early or was paused by itself; NULL: it did not, or an operator did
  actor           TEXT    NOT NULL, -- the id of the API key
  note            TEXT,             -- why, in the operator's words; NULL: not given
  selection       TEXT    NOT NULL, -- JSON: the filter by which letters are picked
  overrides       TEXT    NOT NULL, -- JSON: what is different this time
  max_per_second  INTEGER NOT NULL, -- letters put back in a second, on average since it was started or resumed
  sample_count    INTEGER,          -- letters to try first; NULL: no sample
  sample_percent  INTEGER,          -- of those, how many must succeed before it goes on; NULL: no sample
  sampled_at_ms   INTEGER,          -- when the sample was good enough, or an operator went on without; NULL: no sample, or not yet
  matched         INTEGER NOT NULL, -- letters that the selection matched when it was made
  replayed        INTEGER NOT NULL, -- letters put back so far
  skipped         INTEGER NOT NULL, -- letters passed over: no longer dead, without payload, or not able to be asked
  queued          INTEGER NOT NULL, -- letters put back, by where they stand until another replay puts them back, kept by the trigger on jobs
  running         INTEGER NOT NULL,
  retry_scheduled INTEGER NOT NULL,
  succeeded       INTEGER NOT NULL,
  failed          INTEGER NOT NULL,
  dead_lettered   INTEGER NOT NULL,
  cancelled       INTEGER NOT NULL,
  cost_micro_usd  INTEGER,          -- what those that have ended cost since; NULL: of none it is known
  created_at_ms   INTEGER NOT NULL, -- letters that died later are not meant
  paced_at_ms     INTEGER NOT NULL, -- from when the pace counts,
  paced_replayed  INTEGER NOT NULL, -- and how many had been put back then
  finished_at_ms  INTEGER,          -- NULL: not ended
  due_at_ms       INTEGER,          -- when its next step is due; NULL: paused or ended
  step            INTEGER NOT NULL, -- steps taken, by itself or by an operator; the fence of the next one
  last_job_id     TEXT,             -- the last letter that was looked at; NULL: none yet
  expires_at_ms   INTEGER,          -- when the sweep deletes the row; NULL: not ended
  idempotency_key TEXT,             -- of the request; NULL: not given, or given up after 24 hours
  request_hash    TEXT,             -- SHA-256 of the request's body, hex; NULL: no idempotency key
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT replays_status_known CHECK (status IN ('running', 'paused', 'completed', 'aborted')),
  CONSTRAINT replays_due_while_running CHECK ((due_at_ms IS NOT NULL) = (status = 'running')),
  CONSTRAINT replays_finished_when_ended CHECK ((finished_at_ms IS NOT NULL) = (status IN ('completed', 'aborted'))),
  CONSTRAINT replays_expire_when_ended CHECK ((expires_at_ms IS NOT NULL) = (finished_at_ms IS NOT NULL)),
  CONSTRAINT replays_counts_not_negative CHECK (
    queued >= 0 AND running >= 0 AND retry_scheduled >= 0 AND succeeded >= 0 AND failed >= 0 AND dead_lettered >= 0 AND cancelled >= 0),
  CONSTRAINT replays_pace_in_range CHECK (max_per_second BETWEEN 1 AND 500),
  CONSTRAINT replays_sample_is_whole CHECK ((sample_count IS NULL) = (sample_percent IS NULL)),
  CONSTRAINT replays_json_valid CHECK (json_valid(selection) AND json_valid(overrides)),
  CONSTRAINT replays_idempotency_key_hashed CHECK (idempotency_key IS NULL OR request_hash IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- At most one replay of a tenant at a time.
CREATE UNIQUE INDEX replays_active ON replays (tenant_id) WHERE status IN ('running', 'paused');
CREATE UNIQUE INDEX replays_by_idempotency_key ON replays (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX replays_due ON replays (due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX replays_expiring ON replays (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

-- The letters that a replay put back, and how each stands: as the replay left it, until it is put back by another.
CREATE TABLE replay_items (
  tenant_id             TEXT NOT NULL,
  replay_id             TEXT NOT NULL,
  job_id                TEXT NOT NULL,
  state                 TEXT NOT NULL, -- queued: it has not ended since, and the job tells more; otherwise how it ended
  cost_before_micro_usd INTEGER,       -- of the job when it was put back; NULL: not known
  PRIMARY KEY (tenant_id, replay_id, job_id),
  CONSTRAINT replay_items_state_known CHECK (state IN ('queued', 'succeeded', 'failed', 'dead_lettered', 'cancelled'))
) STRICT, WITHOUT ROWID;

-- What became of a letter, and what the replay counts, follow the job, while this replay is the one that put it back last.
CREATE TRIGGER replay_item_moves AFTER UPDATE OF state ON jobs
WHEN NEW.replay_id IS NOT NULL AND NEW.replay_id IS OLD.replay_id AND NEW.state <> OLD.state
BEGIN
  UPDATE replay_items SET state = NEW.state
  WHERE tenant_id = NEW.tenant_id AND replay_id = NEW.replay_id AND job_id = NEW.id AND NEW.completed_at_ms IS NOT NULL;
  UPDATE replays
  SET
    queued = queued + (NEW.state = 'queued') - (OLD.state = 'queued'),
    running = running + (NEW.state = 'running') - (OLD.state = 'running'),
    retry_scheduled = retry_scheduled + (NEW.state = 'retry_scheduled') - (OLD.state = 'retry_scheduled'),
    succeeded = succeeded + (NEW.state = 'succeeded') - (OLD.state = 'succeeded'),
    failed = failed + (NEW.state = 'failed') - (OLD.state = 'failed'),
    dead_lettered = dead_lettered + (NEW.state = 'dead_lettered') - (OLD.state = 'dead_lettered'),
    cancelled = cancelled + (NEW.state = 'cancelled') - (OLD.state = 'cancelled'),
    cost_micro_usd = iif(NEW.completed_at_ms IS NULL OR NEW.cost_micro_usd IS NULL, cost_micro_usd,
      coalesce(cost_micro_usd, 0) + NEW.cost_micro_usd - coalesce((
        SELECT cost_before_micro_usd FROM replay_items
        WHERE tenant_id = NEW.tenant_id AND replay_id = NEW.replay_id AND job_id = NEW.id), 0))
  WHERE tenant_id = NEW.tenant_id AND id = NEW.replay_id;
END;
