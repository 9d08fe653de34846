//! What was called: every call, by job, in the order of arrival.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// The name of the job to which calls belong that name none.
pub(crate) const NO_JOB: &str = "-";

/// Which call this is, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// The place of the job in the order in which jobs were first seen.
    pub(crate) job: u64,
    /// The number of the call among those of its job and model.
    pub(crate) call: u64,
}

/// What a caller says of its call.
pub(crate) struct Caller {
    pub(crate) job: String,
    pub(crate) attempt: Option<u32>,
    pub(crate) model: String,
    pub(crate) authorization: bool,
}

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It has no answer yet.
    InFlight,
    /// It got an answer that a client can use.
    Answered,
    /// It got a fault.
    Fault,
    /// The caller went before the answer.
    Abandoned,
}

/// One call, as `GET /control/calls/{job}` shows it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    attempt: Option<u32>,
    model: String,
    /// The status that was sent; none before the answer, or when there was none.
    status: Option<u16>,
    started_at_ms: u64,
    finished_at_ms: Option<u64>,
    authorization: bool,
    outcome: Outcome,
}

/// The counts, as `GET /control/calls` shows them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    total: u64,
    faults: u64,
    abandoned: u64,
    in_flight: u64,
    redirects_followed: u64,
    jobs: BTreeMap<String, usize>,
}

/// Where calls are written down.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Pages>);

#[derive(Default)]
struct Pages {
    /// Grows with every reset, so that a call of an earlier time is not taken for one of now.
    era: u64,
    total: u64,
    faults: u64,
    abandoned: u64,
    finished: u64,
    redirects_followed: u64,
    jobs: HashMap<String, Job>,
}

#[derive(Default)]
struct Job {
    ordinal: u64,
    calls: Vec<Call>,
    calls_of_model: HashMap<String, u64>,
}

/// A call that is under way. Dropping it before it is finished says that the caller has gone.
pub(crate) struct CallInFlight {
    ledger: Arc<Ledger>,
    era: u64,
    job: String,
    index: usize,
    finished: bool,
    /// Which call of its job this is.
    pub(crate) turn: Turn,
}

impl Ledger {
    /// Writes down that a call has begun.
    pub(crate) fn begin(self: &Arc<Self>, caller: Caller) -> CallInFlight {
        let started_at_ms = now_ms();
        let mut pages = self.pages();
        pages.total += 1;
        let ordinal = u64::try_from(pages.jobs.len()).unwrap_or(u64::MAX) + 1;
        let era = pages.era;
        let job = pages.jobs.entry(caller.job.clone()).or_insert_with(|| Job {
            ordinal,
            ..Job::default()
        });
        let turn = Turn {
            job: job.ordinal,
            call: job.count(&caller.model),
        };
        let index = job.calls.len();
        job.calls.push(Call {
            attempt: caller.attempt,
            model: caller.model,
            status: None,
            started_at_ms,
            finished_at_ms: None,
            authorization: caller.authorization,
            outcome: Outcome::InFlight,
        });
        drop(pages);
        CallInFlight {
            ledger: Arc::clone(self),
            era,
            job: caller.job,
            index,
            finished: false,
            turn,
        }
    }

    /// Counts a caller that followed a redirect.
    pub(crate) fn redirect_followed(&self) {
        self.pages().redirects_followed += 1;
    }

    /// The counts of all jobs.
    pub(crate) fn counts(&self) -> Counts {
        let pages = self.pages();
        let jobs = pages.jobs.iter();
        Counts {
            total: pages.total,
            faults: pages.faults,
            abandoned: pages.abandoned,
            in_flight: pages.total.saturating_sub(pages.finished),
            redirects_followed: pages.redirects_followed,
            jobs: jobs
                .map(|(id, job)| (id.clone(), job.calls.len()))
                .collect(),
        }
    }

    /// The calls of one job; none if it is unknown.
    pub(crate) fn calls_of(&self, job: &str) -> Vec<Call> {
        let pages = self.pages();
        pages
            .jobs
            .get(job)
            .map(|job| job.calls.clone())
            .unwrap_or_default()
    }

    /// Forgets every call.
    pub(crate) fn reset(&self) {
        let mut pages = self.pages();
        *pages = Pages {
            era: pages.era + 1,
            ..Pages::default()
        };
    }

    /// The pages stay whole even where a holder of the lock panicked: no write to them can.
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    /// Counts a call of this model and says which it is.
    fn count(&mut self, model: &str) -> u64 {
        match self.calls_of_model.get_mut(model) {
            Some(calls) => {
                *calls += 1;
                *calls
            }
            None => *self.calls_of_model.entry(model.to_owned()).or_insert(1),
        }
    }
}

impl CallInFlight {
    /// Writes down the answer: the status, if one is sent, and whether it is a fault.
    pub(crate) fn finish(mut self, status: Option<u16>, is_fault: bool) {
        let outcome = if is_fault {
            Outcome::Fault
        } else {
            Outcome::Answered
        };
        self.close(status, outcome);
    }

    fn close(&mut self, status: Option<u16>, outcome: Outcome) {
        self.finished = true;
        let finished_at_ms = now_ms();
        let mut pages = self.ledger.pages();
        if pages.era != self.era {
            return;
        }
        pages.finished += 1;
        pages.faults += u64::from(outcome == Outcome::Fault);
        pages.abandoned += u64::from(outcome == Outcome::Abandoned);
        let job = pages.jobs.get_mut(&self.job);
        if let Some(call) = job.and_then(|job| job.calls.get_mut(self.index)) {
            call.status = status;
            call.finished_at_ms = Some(finished_at_ms);
            call.outcome = outcome;
        }
    }
}

impl Drop for CallInFlight {
    fn drop(&mut self) {
        if !self.finished {
            self.close(None, Outcome::Abandoned);
        }
    }
}

/// The time, in Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
