//! The database, read past the Workers: the file that the local runtime keeps D1 in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rusqlite::{Connection, OpenFlags, Row};

/// Where the runtime keeps the files of D1, relative to the stack's folder.
const FOLDER: &str = "v3/d1/miniflare-D1DatabaseObject";
/// How long to wait for the runtime when it has the file to itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// Every job as it stands at one moment, by its id.
pub(super) type Snapshot = BTreeMap<String, Standing>;

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: String,
    pub(super) attempt: u32,
    /// In milliseconds since the Unix epoch; `None` while the job may still run.
    pub(super) completed_at_ms: Option<i64>,
}

/// What a job has been through.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub(super) job: String,
    pub(super) standing: Standing,
    pub(super) failures: u32,
    pub(super) rescues: u32,
    pub(super) dispatches: u32,
    /// The attempts on record that succeeded.
    pub(super) successes: u32,
    /// The attempts of its rows in `task_results`.
    pub(super) results: Vec<u32>,
}

/// Reads where every job stands.
pub(super) fn snapshot(state: &Path) -> Result<Snapshot> {
    let database = open(state)?;
    let mut jobs = database.prepare("SELECT id, state, attempt, completed_at_ms FROM jobs")?;
    let rows = jobs.query_map((), |row| Ok((row.get(0)?, standing(row)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Reads what every job has been through.
pub(super) fn histories(state: &Path) -> Result<Vec<History>> {
    let database = open(state)?;
    let mut results: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut rows = database.prepare("SELECT job_id, attempt FROM task_results")?;
    for row in rows.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (job, attempt) = row?;
        results.entry(job).or_default().push(attempt);
    }
    let mut jobs = database.prepare(
        "SELECT id, state, attempt, completed_at_ms, failures, rescues, dispatches, \
         (SELECT count(*) FROM json_each(attempts) WHERE value ->> 'outcome' = 'succeeded') \
         FROM jobs",
    )?;
    let rows = jobs.query_map((), |row| {
        let job: String = row.get(0)?;
        Ok(History {
            standing: standing(row)?,
            failures: row.get(4)?,
            rescues: row.get(5)?,
            dispatches: row.get(6)?,
            successes: row.get(7)?,
            results: results.remove(&job).unwrap_or_default(),
            job,
        })
    })?;
    let mut histories = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    histories.extend(results.into_iter().map(without_job));
    Ok(histories)
}

/// The ids of the jobs that have ended.
pub(super) fn ended(snapshot: &Snapshot) -> BTreeSet<&str> {
    let ended = snapshot
        .iter()
        .filter(|(_, standing)| standing.completed_at_ms.is_some());
    ended.map(|(job, _)| job.as_str()).collect()
}

/// Results of a job that is not there.
fn without_job((job, results): (String, Vec<u32>)) -> History {
    let standing = Standing {
        state: "absent".to_owned(),
        attempt: 0,
        completed_at_ms: None,
    };
    History {
        job,
        standing,
        failures: 0,
        rescues: 0,
        dispatches: 0,
        successes: 0,
        results,
    }
}

fn standing(row: &Row<'_>) -> rusqlite::Result<Standing> {
    Ok(Standing {
        state: row.get(1)?,
        attempt: row.get(2)?,
        completed_at_ms: row.get(3)?,
    })
}

/// Opens the one database of a stack, to read it.
pub(super) fn open(state: &Path) -> Result<Connection> {
    let folder = state.join(FOLDER);
    let context = || format!("cannot read {}", folder.display());
    let entries = fs::read_dir(&folder).with_context(context)?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let paths: Vec<PathBuf> = paths.collect::<Result<_>>().with_context(context)?;
    let is_database = |path: &&PathBuf| {
        path.extension().is_some_and(|ending| ending == "sqlite")
            && path.file_stem().is_some_and(|name| name != "metadata")
    };
    let file = paths.iter().find(is_database).with_context(context)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(file, flags).with_context(context)?;
    database.busy_timeout(PATIENCE)?;
    Ok(database)
}
