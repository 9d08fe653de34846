//! The witness: sees every effect of every run, and holds it against the invariants.

mod batches;
mod change;
mod effects;
mod history;
mod many;
mod replays;
mod rest;
mod snapshot;
mod tables;
mod watched;

pub(crate) use rest::Dusk;
pub(crate) use snapshot::Snapshot;
pub(crate) use watched::Watched;

use super::breach::{Breach, Invariant, ensure};
use batches::WatchedBatch;
use redrive_shared::clock::Instant;
use redrive_shared::job::JobState;
use redrive_shared::store::{MAX_RESCUES, TenantRow};
use replays::WatchedReplays;
use snapshot::CircuitRow;
use std::collections::BTreeMap;

/// Breaches kept of one world; a negative control may make many.
const BREACHES: usize = 100;

/// How far apart two machines' clocks may be, in milliseconds.
const CLOCKS_APART_MS: i64 = 1_000;

/// Who was asked for what: job, attempt and provider.
pub(crate) type Asked = (String, String, String);

/// What a call to the provider came to.
#[derive(Clone, Debug)]
struct Call {
    run: u32,
    /// The text of the answer, when it was one.
    answer: Option<String>,
}

/// What one run did so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deeds {
    /// Messages it sent.
    pub(crate) sent: usize,
    /// The jobs whose messages it sent.
    resent: Vec<String>,
    /// How many transactions there had been when it asked for its latest batch.
    asked_after: u64,
    /// Rows of jobs it made or changed.
    pub(crate) changes: usize,
    /// Dead letters it put back.
    pub(crate) replays: usize,
    /// Dead letters it deleted for good.
    pub(crate) purged: usize,
    /// Batches it made.
    pub(crate) batches: usize,
    /// Batches that it left in another status.
    pub(crate) moves: usize,
    /// The replay of many that it made.
    pub(crate) begun: Option<String>,
    /// It said that it could not commit, or not find out whether it had, or not keep a cost.
    gave_up: bool,
}

/// How often something was seen that is no breach.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) fenced: u64,
    pub(crate) rescued: u64,
    pub(crate) calls: u64,
    /// Letters that replays of many put back.
    pub(crate) put_back: u64,
    /// Letters that were purged.
    pub(crate) purged: u64,
    /// Batches of statements that the schema refused; only a negative control makes some.
    pub(crate) refused: u64,
}

/// What was seen in one world.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    breaches: Vec<Breach>,
    jobs: BTreeMap<String, Watched>,
    calls: BTreeMap<Asked, Call>,
    deeds: BTreeMap<u32, Deeds>,
    seen: Seen,
    /// Transactions that changed something.
    transactions: u64,
    /// The circuits that are not closed, each with the transaction that left it so.
    circuits: Vec<(CircuitRow, u64)>,
    /// By machine, the latest transaction before which it found out about a circuit by itself.
    circuit_news: BTreeMap<usize, u64>,
    /// By tenant, for how many seconds payloads are kept, and jobs.
    retention: BTreeMap<String, (u32, u32)>,
    batches: BTreeMap<String, WatchedBatch>,
    replays: BTreeMap<String, WatchedReplays>,
    /// How often something was done to many jobs at once.
    done: BTreeMap<&'static str, u64>,
}

impl Witness {
    /// The first breach among those of `watched`; every invariant when that is empty.
    pub(crate) fn breach(&self, watched: &[Invariant]) -> Option<&Breach> {
        self.breaches
            .iter()
            .find(|breach| watched.is_empty() || watched.contains(&breach.invariant))
    }

    /// Keeps a breach.
    pub(crate) fn judge(&mut self, seen: Result<(), Breach>) {
        if let Err(breach) = seen
            && self.breaches.len() < BREACHES
        {
            self.breaches.push(breach);
        }
    }

    /// These are the tenants.
    pub(crate) fn tenants(&mut self, tenants: &[TenantRow]) {
        let kept = |tenant: &TenantRow| {
            let seconds = (tenant.payload_retention_seconds, tenant.retention_seconds);
            (tenant.id.to_string(), seconds)
        };
        self.retention = tenants.iter().map(kept).collect();
    }

    /// The jobs, oldest first.
    pub(crate) const fn jobs(&self) -> &BTreeMap<String, Watched> {
        &self.jobs
    }

    /// The jobs that have not ended.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = &Watched> {
        self.jobs
            .values()
            .filter(|watched| !watched.row.state.is_terminal())
    }

    /// How a job stands that is there.
    pub(crate) fn state(&self, job: &str) -> Option<JobState> {
        let there = self.jobs.get(job).filter(|watched| !watched.gone);
        there.map(|watched| watched.row.state)
    }

    /// How often something was seen.
    pub(crate) const fn seen(&self) -> Seen {
        self.seen
    }

    /// The id of a job was given out.
    pub(crate) fn promised(&mut self, job: &str) {
        if let Some(watched) = self.jobs.get_mut(job) {
            watched.promised = true;
        } else {
            let what = format!("{job} was given out and is not in the database");
            self.judge(Err(Breach::new(Invariant::EveryJobEnds, what)));
        }
    }

    /// A run died: what it did is of no account any more.
    pub(crate) fn died(&mut self, run: u32) {
        self.deeds.remove(&run);
    }

    /// A run ended; what it did.
    pub(crate) fn ended(&mut self, run: u32) -> Deeds {
        let deeds = self.deeds.remove(&run).unwrap_or_default();
        if !deeds.gave_up {
            let judged = self.costs_are_kept(run);
            self.judge(judged);
        }
        deeds
    }

    /// A run let go of every message it had for a job. It may not while it holds the job, unless
    /// there is nothing to run any more and the sweep ends it; nor when it scheduled a retry and
    /// sent no other message for it.
    pub(crate) fn acknowledged(&mut self, run: u32, deeds: &Deeds, job: &str, now: Instant) {
        let soon = now.plus_millis(CLOCKS_APART_MS);
        let owes = |watched: &&Watched| {
            let row = &watched.row;
            let is_late = row.deadline_at <= soon;
            let is_over = row.due_at.is_some_and(|lease| lease <= soon);
            let is_poison = is_over && row.rescues >= MAX_RESCUES;
            let holds = watched.is_held_by(run) && !is_late && !is_poison;
            let retries = row.state == JobState::RetryScheduled
                && watched.is_claimed_by(row.attempt, run)
                && !deeds.gave_up;
            (holds || retries) && !deeds.resent.iter().any(|resent| resent == job)
        };
        let judged = self.jobs.get(job).filter(owes).map(|watched| {
            let what = format!("run {run} let go of the message of {:?}", watched.row);
            Breach::new(Invariant::CommitBeforeAck, what)
        });
        self.judge(judged.map_or(Ok(()), Err));
    }

    /// Every answer that this run got is the job's result, or is told as dropped.
    fn costs_are_kept(&self, run: u32) -> Result<(), Breach> {
        for ((job, attempt, _), call) in &self.calls {
            let Some(watched) = self.jobs.get(job) else {
                continue;
            };
            if call.run != run || call.answer.is_none() || watched.gone {
                continue;
            }
            let attempt = attempt.parse().unwrap_or_default();
            let result = watched.result.as_ref().map(|result| result.attempt);
            let kept = result == Some(attempt) || watched.dropped.contains(&attempt);
            ensure(kept, Invariant::CostIsKept, || {
                format!(
                    "the answer to attempt {attempt} is nowhere: {:?}",
                    watched.row
                )
            })?;
        }
        Ok(())
    }
}
