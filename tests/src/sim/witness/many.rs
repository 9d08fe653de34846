//! The tables of batches and of replays of many as they stand.

use super::snapshot::{read, state_named};
use redrive_shared::clock::Instant;
use redrive_shared::job::JobState;
use redrive_shared::native::SqliteDatabase;
use redrive_shared::store::{BatchStatus, ReplayStatus};
use std::collections::{BTreeMap, BTreeSet};

const BATCHES: &str = "SELECT tenant_id, id, status, name, idempotency_key, lines, invalid_lines, jobs, step, \
     queued, running, retry_scheduled, succeeded, failed, dead_lettered, cancelled, completions, created_at_ms, \
     due_at_ms, expires_at_ms FROM batches";

const COMPLETIONS: &str =
    "SELECT batch_id, sequence, job_id FROM batch_completions ORDER BY batch_id, sequence";

const REPLAYS: &str = "SELECT tenant_id, id, status, matched, replayed, skipped, step, sample_count, \
     sampled_at_ms IS NOT NULL, selection, created_at_ms, due_at_ms, expires_at_ms FROM replays";

const ITEMS: &str = "SELECT replay_id, job_id, state FROM replay_items";

const AUDIT: &str = "SELECT action, count(*), coalesce(sum(detail ->> '$.purged'), 0) FROM audit_log GROUP BY action";

/// A row of `batches`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BatchRow {
    pub(crate) tenant: String,
    pub(crate) id: String,
    pub(crate) status: BatchStatus,
    pub(crate) name: String,
    pub(crate) key: Option<String>,
    pub(crate) lines: u32,
    pub(crate) invalid_lines: u32,
    pub(crate) jobs: u32,
    pub(crate) step: u32,
    /// Jobs by state, in the order of the columns.
    pub(crate) counts: [u32; 7],
    pub(crate) completions: u32,
    pub(crate) created_at: Instant,
    pub(crate) due_at: Option<Instant>,
    pub(crate) expires_at: Option<Instant>,
}

/// A row of `replays`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplaysRow {
    pub(crate) tenant: String,
    pub(crate) id: String,
    pub(crate) status: ReplayStatus,
    pub(crate) matched: u64,
    pub(crate) replayed: u64,
    pub(crate) skipped: u64,
    pub(crate) step: u32,
    /// Letters of a sample that was not judged yet.
    pub(crate) open_sample: Option<u64>,
    pub(crate) selection: String,
    pub(crate) created_at: Instant,
    pub(crate) due_at: Option<Instant>,
    pub(crate) expires_at: Option<Instant>,
}

/// What the tables have of batches and of replays of many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Many {
    pub(crate) batches: Vec<BatchRow>,
    /// By batch, the jobs in the order in which they ended, each with its number.
    pub(crate) completions: BTreeMap<String, Vec<(u32, String)>>,
    pub(crate) replays: Vec<ReplaysRow>,
    /// By replay, the letters that it put back, with their states there.
    pub(crate) items: BTreeMap<String, BTreeMap<String, JobState>>,
    /// How often the audit log has each action.
    pub(crate) audited: BTreeMap<String, u64>,
    /// Letters that it says were purged.
    pub(crate) purged: u64,
}

impl Many {
    /// Reads the tables.
    ///
    /// # Errors
    /// What `SQLite` says, or that a status is none of ours.
    pub(crate) fn of(database: &SqliteDatabase) -> anyhow::Result<Self> {
        let mut many = Self {
            batches: read(database, BATCHES, batch)?,
            replays: read(database, REPLAYS, replays)?,
            ..Self::default()
        };
        let completions = read(database, COMPLETIONS, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        for (batch, sequence, job) in completions {
            let of_batch: &mut Vec<_> = many.completions.entry(batch).or_default();
            of_batch.push((sequence, job));
        }
        let items = read(database, ITEMS, |row| {
            let state = state_named(&row.get::<_, String>(2)?)?;
            Ok((row.get(0)?, row.get(1)?, state))
        })?;
        for (replay, job, state) in items {
            let of_replay: &mut BTreeMap<_, _> = many.items.entry(replay).or_default();
            of_replay.insert(job, state);
        }
        let audited = read(database, AUDIT, |row| {
            Ok((row.get(0)?, count(row, 1)?, count(row, 2)?))
        })?;
        for (action, entries, purged) in audited {
            many.purged += purged;
            many.audited.insert(action, entries);
        }
        Ok(many)
    }

    /// The batches of which something is there.
    pub(crate) fn batches_left(&self) -> BTreeSet<&str> {
        let rows = self.batches.iter().map(|row| row.id.as_str());
        rows.chain(self.completions.keys().map(String::as_str))
            .collect()
    }
}

fn count(row: &rusqlite::Row<'_>, column: usize) -> anyhow::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?)?)
}

fn instant(row: &rusqlite::Row<'_>, column: usize) -> anyhow::Result<Option<Instant>> {
    let millis: Option<i64> = row.get(column)?;
    Ok(millis.map(Instant::from_millis))
}

fn batch(row: &rusqlite::Row<'_>) -> anyhow::Result<BatchRow> {
    let status: String = row.get(2)?;
    let named = BatchStatus::ALL
        .into_iter()
        .find(|known| known.as_str() == status);
    let mut counts = [0; 7];
    for (column, count) in (9..).zip(&mut counts) {
        *count = row.get(column)?;
    }
    Ok(BatchRow {
        tenant: row.get(0)?,
        id: row.get(1)?,
        status: named.ok_or_else(|| anyhow::anyhow!("no batch is {status}"))?,
        name: row.get(3)?,
        key: row.get(4)?,
        lines: row.get(5)?,
        invalid_lines: row.get(6)?,
        jobs: row.get(7)?,
        step: row.get(8)?,
        counts,
        completions: row.get(16)?,
        created_at: Instant::from_millis(row.get(17)?),
        due_at: instant(row, 18)?,
        expires_at: instant(row, 19)?,
    })
}

fn replays(row: &rusqlite::Row<'_>) -> anyhow::Result<ReplaysRow> {
    let status: String = row.get(2)?;
    let named = ReplayStatus::ALL
        .into_iter()
        .find(|known| known.as_str() == status);
    let sample: Option<u32> = row.get(7)?;
    let is_judged: bool = row.get(8)?;
    Ok(ReplaysRow {
        tenant: row.get(0)?,
        id: row.get(1)?,
        status: named.ok_or_else(|| anyhow::anyhow!("no replay is {status}"))?,
        matched: count(row, 3)?,
        replayed: count(row, 4)?,
        skipped: count(row, 5)?,
        step: row.get(6)?,
        open_sample: sample.filter(|_| !is_judged).map(u64::from),
        selection: row.get(9)?,
        created_at: Instant::from_millis(row.get(10)?),
        due_at: instant(row, 11)?,
        expires_at: instant(row, 12)?,
    })
}
