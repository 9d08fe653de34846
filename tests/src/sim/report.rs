//! What is counted over all worlds, as one line.

use super::witness::Witness;
use super::world::Happened;
use redrive_shared::job::JobState;
use std::fmt;
use std::ops::AddAssign;

/// What happened in one world, or in many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Operations applied.
    pub operations: u64,
    /// Worlds.
    pub episodes: u64,
    /// Jobs stored.
    pub jobs: u64,
    /// Jobs whose id was given out.
    pub accepted: u64,
    /// Jobs that succeeded.
    pub succeeded: u64,
    /// Jobs that failed.
    pub failed: u64,
    /// Jobs that were dead-lettered.
    pub dead_lettered: u64,
    /// Jobs that were cancelled.
    pub cancelled: u64,
    /// Jobs that had not ended.
    pub unfinished: u64,
    /// Runs that died.
    pub crashes: u64,
    /// Effects that failed.
    pub faults: u64,
    /// Answers that met a closed fence.
    pub fenced: u64,
    /// Leases that were over and taken over.
    pub rescued: u64,
    /// Calls to the provider.
    pub calls: u64,
    /// Batches of jobs that were taken.
    pub batches: u64,
    /// Jobs that lines of them became.
    pub lines: u64,
    /// Replays of many letters.
    pub replays: u64,
    /// Letters that they put back.
    pub put_back: u64,
    /// Letters that were purged.
    pub purged: u64,
    /// Batches of statements that the schema refused.
    pub refused: u64,
}

impl Totals {
    pub(crate) fn of(witness: &Witness, happened: Happened, operations: u64) -> Self {
        let seen = witness.seen();
        let mut totals = Self {
            operations,
            episodes: 1,
            crashes: happened.crashes,
            faults: happened.faults,
            fenced: seen.fenced,
            rescued: seen.rescued,
            calls: seen.calls,
            refused: seen.refused,
            put_back: seen.put_back,
            purged: seen.purged,
            batches: witness.done("batch"),
            replays: witness.done("replay.create"),
            ..Self::default()
        };
        for known in witness.jobs().values() {
            totals.jobs += 1;
            totals.lines += u64::from(known.origin.batch.is_some());
            totals.accepted += u64::from(known.promised);
            *match known.row.state {
                JobState::Succeeded => &mut totals.succeeded,
                JobState::Failed => &mut totals.failed,
                JobState::DeadLettered => &mut totals.dead_lettered,
                JobState::Cancelled => &mut totals.cancelled,
                JobState::Queued | JobState::Running | JobState::RetryScheduled => {
                    &mut totals.unfinished
                }
            } += 1;
        }
        totals
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.operations += other.operations;
        self.episodes += other.episodes;
        self.jobs += other.jobs;
        self.accepted += other.accepted;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.dead_lettered += other.dead_lettered;
        self.cancelled += other.cancelled;
        self.unfinished += other.unfinished;
        self.crashes += other.crashes;
        self.faults += other.faults;
        self.fenced += other.fenced;
        self.rescued += other.rescued;
        self.calls += other.calls;
        self.batches += other.batches;
        self.lines += other.lines;
        self.replays += other.replays;
        self.put_back += other.put_back;
        self.purged += other.purged;
        self.refused += other.refused;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "operations {} episodes {} jobs {} accepted {} succeeded {} failed {} dead-lettered {} \
             cancelled {} unfinished {} crashes {} faults {} fenced {} rescued {} calls {} batches {} \
             lines {} replays {} put-back {} purged {}",
            self.operations,
            self.episodes,
            self.jobs,
            self.accepted,
            self.succeeded,
            self.failed,
            self.dead_lettered,
            self.cancelled,
            self.unfinished,
            self.crashes,
            self.faults,
            self.fenced,
            self.rescued,
            self.calls,
            self.batches,
            self.lines,
            self.replays,
            self.put_back,
            self.purged,
        )
    }
}
