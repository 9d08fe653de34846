//! The tables as they stand, read past every gate.

use super::many::Many;
use crate::sim::replies::DEADLY;
use redrive_shared::clock::Instant;
use redrive_shared::job::JobState;
use redrive_shared::native::SqliteDatabase;

/// The columns of `jobs` that are watched.
const JOBS: &str = "SELECT id, tenant_id, state, attempt, failures, deferrals, rescues, max_attempts, \
     due_at_ms, deadline_at_ms, started_at_ms, completed_at_ms, error_code, error, attempts, \
     dropped_answers, request IS NULL, replay_id FROM jobs";

/// What never changes of a job, of which `request` only whether it is deadly.
const ORIGIN: &str = "SELECT created_at_ms, model, idempotency_key, request_hash, \
     coalesce(instr(request, ?3), 0) > 0, batch_id, line, custom_id FROM jobs WHERE tenant_id = ?1 AND id = ?2";

const RESULTS: &str = "SELECT job_id, attempt, output FROM task_results ORDER BY job_id";

const CIRCUITS: &str = "SELECT provider, model, state, until_ms FROM provider_circuits";

/// A row of `jobs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobRow {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) state: JobState,
    pub(crate) attempt: u32,
    pub(crate) failures: u32,
    pub(crate) deferrals: u32,
    pub(crate) rescues: u32,
    pub(crate) max_attempts: u32,
    pub(crate) due_at: Option<Instant>,
    pub(crate) deadline_at: Instant,
    pub(crate) started_at: Option<Instant>,
    pub(crate) completed_at: Option<Instant>,
    pub(crate) error_code: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) attempts: String,
    /// The replay of many that put it back last.
    pub(crate) replay: Option<String>,
}

/// What never changes of a job.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) created_at: Instant,
    pub(crate) model: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) request_hash: Option<String>,
    /// Whether its call takes its run down.
    pub(crate) deadly: bool,
    /// The batch it belongs to.
    pub(crate) batch: Option<String>,
    /// Its line there.
    pub(crate) line: Option<u32>,
    /// The client's own name for that.
    pub(crate) custom_id: Option<String>,
}

/// A row of `jobs`, with what may change after the job has ended.
#[derive(Clone, Debug)]
pub(crate) struct SeenJob {
    pub(crate) row: JobRow,
    pub(crate) dropped: String,
    pub(crate) payload_deleted: bool,
    /// Of a job that was not known.
    pub(crate) origin: Option<Origin>,
}

/// A row of `task_results`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResultRow {
    pub(crate) job: String,
    pub(crate) attempt: u32,
    pub(crate) output: String,
}

/// A row of `provider_circuits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CircuitRow {
    pub(crate) provider: String,
    pub(crate) model: String,
    pub(crate) state: String,
    pub(crate) until: Instant,
}

/// Every row of these tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) jobs: Vec<SeenJob>,
    pub(crate) results: Vec<ResultRow>,
    pub(crate) circuits: Vec<CircuitRow>,
    pub(crate) many: Many,
}

impl Snapshot {
    /// Reads the tables; `is_known` says of which jobs the origin was read before.
    ///
    /// # Errors
    /// What `SQLite` says, or that a state is none of ours.
    pub(crate) fn of(
        database: &SqliteDatabase,
        is_known: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Self> {
        let mut jobs = jobs(database)?;
        for job in &mut jobs {
            if !is_known(&job.row.id) {
                job.origin = Some(origin(database, &job.row)?);
            }
        }
        let results = read(database, RESULTS, |row| {
            Ok(ResultRow {
                job: row.get(0)?,
                attempt: row.get(1)?,
                output: row.get(2)?,
            })
        })?;
        let circuits = read(database, CIRCUITS, |row| {
            Ok(CircuitRow {
                provider: row.get(0)?,
                model: row.get(1)?,
                state: row.get(2)?,
                until: Instant::from_millis(row.get(3)?),
            })
        })?;
        Ok(Self {
            jobs,
            results,
            circuits,
            many: Many::of(database)?,
        })
    }
}

pub(super) fn read<T>(
    database: &SqliteDatabase,
    sql: &str,
    decode: impl Fn(&rusqlite::Row<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    database.with_connection(|connection| {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut decoded = Vec::new();
        while let Some(row) = rows.next()? {
            decoded.push(decode(row)?);
        }
        Ok(decoded)
    })
}

fn jobs(database: &SqliteDatabase) -> anyhow::Result<Vec<SeenJob>> {
    read(database, JOBS, |row| {
        let instant = |millis: Option<i64>| millis.map(Instant::from_millis);
        let state: String = row.get(2)?;
        let seen = JobRow {
            id: row.get(0)?,
            tenant: row.get(1)?,
            state: state_named(&state)?,
            attempt: row.get(3)?,
            failures: row.get(4)?,
            deferrals: row.get(5)?,
            rescues: row.get(6)?,
            max_attempts: row.get(7)?,
            due_at: instant(row.get(8)?),
            deadline_at: Instant::from_millis(row.get(9)?),
            started_at: instant(row.get(10)?),
            completed_at: instant(row.get(11)?),
            error_code: row.get(12)?,
            error: row.get(13)?,
            attempts: row.get(14)?,
            replay: row.get(17)?,
        };
        Ok(SeenJob {
            row: seen,
            dropped: row.get(15)?,
            payload_deleted: row.get(16)?,
            origin: None,
        })
    })
}

fn origin(database: &SqliteDatabase, job: &JobRow) -> anyhow::Result<Origin> {
    database.with_connection(|connection| {
        let mut statement = connection.prepare_cached(ORIGIN)?;
        let key = [job.tenant.as_str(), job.id.as_str(), DEADLY];
        Ok(statement.query_row(key, |row| {
            Ok(Origin {
                created_at: Instant::from_millis(row.get(0)?),
                model: row.get(1)?,
                key: row.get(2)?,
                request_hash: row.get(3)?,
                deadly: row.get(4)?,
                batch: row.get(5)?,
                line: row.get(6)?,
                custom_id: row.get(7)?,
            })
        })?)
    })
}

pub(super) fn state_named(name: &str) -> anyhow::Result<JobState> {
    JobState::ALL
        .into_iter()
        .find(|state| state.as_str() == name)
        .ok_or_else(|| anyhow::anyhow!("no state is named {name}"))
}
