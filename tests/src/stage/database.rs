//! The database of a stage, past the Workers: the file in which the local runtime keeps D1.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rusqlite::Connection;

use super::Stage;

/// Where the runtime keeps the files of D1, relative to the stack's folder.
const FOLDER: &str = "v3/d1/miniflare-D1DatabaseObject";
/// How long to wait for the runtime while it writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A job as its row says, and how many rows its results have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Where it stands.
    pub state: String,
    /// The latest attempt's number.
    pub attempt: u32,
    /// Attempts that count against its budget.
    pub failures: u32,
    /// Attempts whose lease ran out.
    pub rescues: u32,
    /// How often the sweep sent its message again.
    pub dispatches: u32,
    /// Its rows in `task_results`.
    pub results: u32,
}

impl Stage {
    /// What the database holds of a job.
    ///
    /// # Errors
    /// When it holds no such job.
    pub fn row(&self, job: &str) -> Result<JobRow> {
        let sql = "SELECT state, attempt, failures, rescues, dispatches, \
                   (SELECT count(*) FROM task_results WHERE job_id = jobs.id) \
                   FROM jobs WHERE id = ?1";
        let row = self.database()?.query_row(sql, [job], |row| {
            Ok(JobRow {
                state: row.get(0)?,
                attempt: row.get(1)?,
                failures: row.get(2)?,
                rescues: row.get(3)?,
                dispatches: row.get(4)?,
                results: row.get(5)?,
            })
        });
        row.with_context(|| format!("no row of {job}"))
    }

    /// Moves a running job to the end of its lease, so that nobody has to wait for it.
    ///
    /// # Errors
    /// When the job does not run.
    pub fn end_lease(&self, job: &str) -> Result<()> {
        let sql = "UPDATE jobs SET due_at_ms = started_at_ms WHERE id = ?1 AND state = 'running'";
        let changed = self.database()?.execute(sql, [job])?;
        ensure!(changed == 1, "{job} has no lease: {:?}", self.row(job));
        Ok(())
    }

    /// Locks the database: until the connection is dropped, nobody else can write to it.
    ///
    /// # Errors
    /// When it is locked already.
    pub fn lock_database(&self) -> Result<Connection> {
        let connection = self.database()?;
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        Ok(connection)
    }

    pub(super) fn database(&self) -> Result<Connection> {
        let folder = self.watched.stack.state_dir().join(FOLDER);
        let file = database_file(&folder)
            .with_context(|| format!("no database in {}", folder.display()))?;
        let connection = Connection::open(file)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(connection)
    }
}

/// The one database in a folder; beside it stand the runtime's own notes.
fn database_file(folder: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(folder)?;
    let files = entries.map(|entry| Ok(entry?.path()));
    let is_database = |file: &PathBuf| {
        file.extension().is_some_and(|ending| ending == "sqlite")
            && file.file_stem().is_some_and(|name| name != "metadata")
    };
    files
        .collect::<Result<Vec<PathBuf>>>()?
        .into_iter()
        .find(is_database)
        .context("it is empty")
}
