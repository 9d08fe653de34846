//! The history of a job's attempts, read only as far as it is judged.

use serde::Deserialize;

/// One finished attempt.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Entry {
    pub(crate) attempt: u32,
    pub(crate) outcome: String,
    #[serde(rename = "startedAtMs")]
    started_at_ms: i64,
    #[serde(rename = "finishedAtMs")]
    finished_at_ms: i64,
}

/// The finished attempts of a job, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History(Vec<Entry>);

/// Attempts a history keeps; with so many, the oldest make room and nothing is compared.
const KEPT: usize = 100;

impl History {
    /// Reads the column; `None` when it is not a history.
    pub(crate) fn read(column: &str) -> Option<Self> {
        serde_json::from_str(column).ok().map(Self)
    }

    /// What `self` has beyond `before`, when it begins with it.
    pub(crate) fn since(&self, before: &Self) -> Option<&[Entry]> {
        self.0.strip_prefix(before.0.as_slice())
    }

    /// How the attempt ended, when it has.
    pub(crate) fn outcome(&self, attempt: u32) -> Option<&str> {
        self.0
            .iter()
            .find(|entry| entry.attempt == attempt)
            .map(|entry| entry.outcome.as_str())
    }

    /// Whether the oldest entries may have made room.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= KEPT
    }
}

/// How many of `entries` ended with `outcome`.
pub(crate) fn count(entries: &[Entry], outcome: &str) -> u32 {
    let matching = entries.iter().filter(|entry| entry.outcome == outcome);
    u32::try_from(matching.count()).unwrap_or(u32::MAX)
}
