//! What the witness knows of one job.

use super::history::History;
use super::snapshot::{JobRow, Origin, ResultRow};
use redrive_shared::job::JobState;

/// A job as it was last seen, and what happened to it so far.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) row: JobRow,
    pub(crate) origin: Origin,
    pub(crate) history: History,
    /// The attempts whose answers were dropped.
    pub(crate) dropped: Vec<u32>,
    /// The latest claim.
    pub(crate) owner: Option<Owner>,
    /// How often its lease was over when it was taken over, as far as it counts.
    pub(crate) losses: u32,
    /// How often it ended.
    pub(crate) ends: usize,
    pub(crate) result: Option<ResultRow>,
    /// Whether its id was given out with a 202.
    pub(crate) promised: bool,
    /// Whether its request and its output were deleted when their time was over.
    pub(crate) payload_deleted: bool,
    /// Whether it was deleted when its time was over.
    pub(crate) gone: bool,
}

/// Who claimed an attempt, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) attempt: u32,
    pub(crate) run: u32,
    /// The transaction, counted.
    pub(crate) transaction: u64,
    /// How many transactions there had been when it was asked for.
    pub(crate) asked_after: u64,
}

impl Watched {
    /// A job that nobody has claimed.
    pub(super) fn new(row: JobRow, origin: Origin) -> Self {
        let ends = usize::from(row.state.is_terminal());
        Self {
            row,
            origin,
            history: History::default(),
            dropped: Vec::new(),
            owner: None,
            losses: 0,
            ends,
            result: None,
            promised: false,
            payload_deleted: false,
            gone: false,
        }
    }

    /// Whether this run holds the job now.
    pub(crate) fn is_held_by(&self, run: u32) -> bool {
        self.row.state == JobState::Running && self.is_claimed_by(self.row.attempt, run)
    }

    /// Whether this run made the latest claim, and it was this attempt.
    pub(crate) fn is_claimed_by(&self, attempt: u32, run: u32) -> bool {
        self.owner
            .is_some_and(|owner| owner.attempt == attempt && owner.run == run)
    }
}
