//! What must hold, and how it is told when it does not.

use std::fmt;

/// What must hold in every world, after every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// I1: every job whose id was given out is in the database and ends.
    EveryJobEnds,
    /// I2: there is at most one result for a job.
    OneResult,
    /// I2: the result of a job is that of the attempt that succeeded, as the provider gave it.
    ResultIsOfTheAttempt,
    /// I3: a terminal state never changes, but by a replay.
    TerminalIsFinal,
    /// I3: a job goes only where the state machine lets it.
    TransitionAllowed,
    /// I4: attempts only grow, and only the owner of the latest one commits.
    AttemptsOnlyGrow,
    /// I5: the counters of a job add up with its history.
    CountsAddUp,
    /// I6: an attempt asks the provider at most once, and nobody asks for a job that is done.
    CallsAreBounded,
    /// I7: no prompt, answer or key in a log line or a queue body.
    NothingLeaks,
    /// I8: the cache holds what can never change, and what the database holds.
    CacheFollows,
    /// I9: no panic, no run that waits for nothing, one answer a message.
    NothingHangs,
    /// I10: what is refused changes nothing.
    RefusalChangesNothing,
    /// A job is taken over only when its lease is over, and is poison only after three times.
    PoisonIsEarned,
    /// A job that was rescued before runs alone, so that it takes no other down.
    SuspectsRunAlone,
    /// A commit that took effect is not taken for one that met a closed fence.
    FenceIsHonest,
    /// What was paid is told once: as a result, or as a dropped answer.
    CostIsKept,
    /// Nothing is acknowledged that was claimed and not committed.
    CommitBeforeAck,
    /// Nobody calls while the circuit is open that could know it.
    CircuitHolds,
    /// One idempotency key makes one job a day, or one batch, and always tells the same one.
    OneJobAKey,
    /// What operators and clients do to many jobs is in the audit log, each deed once.
    ReplaysAreAudited,
    /// B1, B3, B7: each line of a batch that was taken becomes one job, in its place; no line of a batch
    /// that was refused, and none after a cancellation.
    EveryLineIsOneJob,
    /// B4: the counts of a batch are its jobs, at every moment.
    BatchAddsUp,
    /// B5: the endings of a batch's jobs are numbered without a gap, each ending once.
    CompletionsAreNumbered,
    /// A batch goes only where it may, one step at a time, and ends after its jobs.
    BatchMoves,
    /// Each letter that a replay of many meant is put back by it once, or is passed over for a reason.
    LettersArePutBackOnce,
    /// The counts of a replay of many are its letters, which stand there as their jobs do.
    ReplaysAddUp,
    /// A tenant has one replay of many at a time that has not ended.
    OneReplayAtATime,
    /// What is purged is in the audit log, and is what was told.
    PurgesAreCounted,
    /// What is kept is kept for its time, and then it is gone.
    KeptForItsTime,
    /// In the quiet a job ends within its time.
    EndsInTime,
    /// A job that does not succeed says why.
    ReasonGiven,
    /// A tenant finds its own jobs and no others, as they are.
    ReadsAreTrue,
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which.
    pub invariant: Invariant,
    /// What was seen.
    pub what: String,
}

impl Breach {
    /// A breach of `invariant`.
    pub(crate) fn new(invariant: Invariant, what: impl Into<String>) -> Self {
        Self {
            invariant,
            what: what.into(),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.invariant, self.what)
    }
}

/// Fails with a breach unless `holds`.
pub(crate) fn ensure(
    holds: bool,
    invariant: Invariant,
    what: impl FnOnce() -> String,
) -> Result<(), Breach> {
    if holds {
        Ok(())
    } else {
        Err(Breach::new(invariant, what()))
    }
}
