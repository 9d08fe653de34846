//! The batches of a run, as the database has them: each line of one is one job, and ended once.

use std::path::Path;

use anyhow::Result;
use rusqlite::Row;

use super::database::open;

/// Batches that have not ended.
const OPEN: &str = "SELECT count(*) FROM batches WHERE due_at_ms IS NOT NULL";

const BATCHES: &str = "SELECT id, status, lines, jobs, completions, \
     succeeded + failed + dead_lettered + cancelled, \
     (SELECT count(*) FROM batch_completions WHERE batch_id = batches.id), \
     (SELECT count(*) FROM jobs WHERE batch_id = batches.id), \
     (SELECT count(DISTINCT line) FROM jobs WHERE batch_id = batches.id) FROM batches";

/// What the database says of a batch that should be over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    id: String,
    status: String,
    lines: u32,
    /// What its row counts: jobs made, endings, and jobs that have ended.
    counted: [u32; 3],
    /// The rows there are: endings, jobs, and lines that these are of.
    rows: [u32; 3],
}

impl Batch {
    /// Whether each line is one job that ended once, and the batch says so.
    pub(super) fn is_whole(&self) -> bool {
        let counts = self.counted.iter().chain(&self.rows);
        self.status == "completed" && counts.into_iter().all(|count| *count == self.lines)
    }
}

/// How many batches have not ended.
pub(super) fn unended(state: &Path) -> Result<u32> {
    Ok(open(state)?.query_row(OPEN, (), |row| row.get(0))?)
}

/// Reads every batch.
pub(super) fn read(state: &Path) -> Result<Vec<Batch>> {
    let database = open(state)?;
    let mut batches = database.prepare(BATCHES)?;
    let batches = batches.query_map((), batch)?;
    Ok(batches.collect::<rusqlite::Result<_>>()?)
}

fn batch(row: &Row<'_>) -> rusqlite::Result<Batch> {
    Ok(Batch {
        id: row.get(0)?,
        status: row.get(1)?,
        lines: row.get(2)?,
        counted: [row.get(3)?, row.get(4)?, row.get(5)?],
        rows: [row.get(6)?, row.get(7)?, row.get(8)?],
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::Batch;

    /// A batch of three lines with these rows of endings, jobs and lines.
    pub(in crate::chaos) fn of_three(status: &str, rows: [u32; 3]) -> Batch {
        Batch {
            id: "bat_1".to_owned(),
            status: status.to_owned(),
            lines: 3,
            counted: [3, 3, 3],
            rows,
        }
    }

    #[test]
    fn line_that_is_missing_or_double_is_seen() {
        assert!(of_three("completed", [3, 3, 3]).is_whole());
        for rows in [[3, 2, 2], [3, 4, 3], [4, 3, 3]] {
            assert!(!of_three("completed", rows).is_whole(), "{rows:?}");
        }
        assert!(!of_three("in_progress", [3, 3, 3]).is_whole());
    }
}
