//! What was called: every call, by job, in the order of arrival.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

pub(crate) use crate::simulator::call::{Call, Caller, NO_JOB, Outcome};

/// Which call this is, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// The place of the job in the order in which jobs were first seen.
    pub(crate) job: u64,
    /// The number of the call among those of its job and model.
    pub(crate) call: u64,
    /// The time since the first call of its model, of any job.
    pub(crate) age: Duration,
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
    /// How many of those who followed a redirect brought a key with them.
    redirects_with_key: u64,
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
    redirects_with_key: u64,
    jobs: HashMap<String, Job>,
    /// When each model was first called.
    models: HashMap<String, Instant>,
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
        let mut pages = self.pages();
        pages.total += 1;
        let number = pages.total;
        let ordinal = u64::try_from(pages.jobs.len()).unwrap_or(u64::MAX) + 1;
        let era = pages.era;
        let age = pages.age_of(&caller.model);
        let job = pages.jobs.entry(caller.job.clone()).or_insert_with(|| Job {
            ordinal,
            ..Job::default()
        });
        let turn = Turn {
            job: job.ordinal,
            call: job.count(&caller.model),
            age,
        };
        let index = job.calls.len();
        let id = caller.job.clone();
        job.calls.push(Call::begun(caller, number));
        drop(pages);
        CallInFlight {
            ledger: Arc::clone(self),
            era,
            job: id,
            index,
            finished: false,
            turn,
        }
    }

    /// Counts a caller that followed a redirect, with a key or without.
    pub(crate) fn redirect_followed(&self, with_key: bool) {
        let mut pages = self.pages();
        pages.redirects_followed += 1;
        pages.redirects_with_key += u64::from(with_key);
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
            redirects_with_key: pages.redirects_with_key,
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

    /// How often each job got an answer that a client can use; jobs without one are left out.
    pub(crate) fn answered(&self) -> BTreeMap<String, usize> {
        let pages = self.pages();
        let jobs = pages.jobs.iter();
        jobs.map(|(id, job)| (id.clone(), job.answered()))
            .filter(|(_, answered)| *answered > 0)
            .collect()
    }

    /// The calls of one model, whatever their job, in the order in which they began.
    pub(crate) fn calls_of_model(&self, model: &str) -> Vec<Call> {
        self.calls_where(|call| call.model == model)
    }

    /// Every call, in the order in which they began.
    pub(crate) fn log(&self) -> Vec<Call> {
        self.calls_where(|_| true)
    }

    fn calls_where(&self, wanted: impl Fn(&Call) -> bool) -> Vec<Call> {
        let pages = self.pages();
        let calls = pages.jobs.values().flat_map(|job| &job.calls);
        let mut calls: Vec<Call> = calls.filter(|call| wanted(call)).cloned().collect();
        calls.sort_by_key(|call| call.number);
        calls
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

impl Turn {
    /// The first call of a job, and of its model.
    #[cfg(test)]
    pub(crate) const fn first(job: u64) -> Self {
        Self {
            job,
            call: 1,
            age: Duration::ZERO,
        }
    }
}

impl Pages {
    /// The time since the first call of a model, which may be this one.
    fn age_of(&mut self, model: &str) -> Duration {
        if let Some(first) = self.models.get(model) {
            first.elapsed()
        } else {
            self.models.insert(model.to_owned(), Instant::now());
            Duration::ZERO
        }
    }
}

impl Job {
    /// The calls that got an answer which a client can use.
    fn answered(&self) -> usize {
        let calls = self.calls.iter();
        calls
            .filter(|call| call.outcome == Outcome::Answered)
            .count()
    }

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
    /// Writes down the answer: the status, if one is sent, and what it is to the caller.
    pub(crate) fn finish(mut self, status: Option<u16>, outcome: Outcome) {
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
            call.end(status, outcome, finished_at_ms);
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
