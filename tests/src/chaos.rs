//! The guarantees, held against a bad day: both Workers as they ship on the real runtime, a provider
//! that fails, bindings that fail, and a runtime that is killed.
//!
//! `cargo xtask chaos` runs it; a test calls [`run`].
//!
//! A fifth of the jobs are submitted as lines of batches, the others one by one.
//! Every job asks for the model `sim-chaos`, so that a part of the provider's calls gets a fault of
//! some kind. At the bindings of both Workers, calls fail before or after they take effect, and
//! messages get lost, come twice or come late. A second consumer runs beside the queue's. A client whose request is not answered with 202 asks
//! again under the same idempotency key. At moments drawn from the seed the runtime is killed, with
//! everything that is in the queue.
//!
//! Once all is submitted and nearly all has ended, the bindings are left alone, so that the rest can
//! end. Then the database is read, the provider and the log are asked, every status is asked for
//! over HTTP, and all of it must agree.

mod api;
mod audit;
mod batches;
mod blows;
mod consumer;
mod database;
mod log;
mod rig;
mod storm;
mod submit;
mod watch;

use std::time::Instant;

use anyhow::Result;
use futures_util::future::try_join;
use serde::Serialize;
use xtask::faults::{CallFaults, Faults, QueueFaults, WorkerFaults};

use crate::simulator::Options;
use audit::Audit;
use consumer::Waiting;
use rig::{Rig, say};
use submit::Submission;
use watch::Watch;

pub use storm::{Storm, StormReport, run as run_storm};

/// The model that every job asks for.
const MODEL: &str = "sim-chaos";
/// Calls that the provider may be paid for twice, for each kill and each late commit: what is under
/// way then. A delivery makes five calls at a time, and two run side by side; a commit holds what
/// ended together.
const PAID_TWICE_PER_BLOW: u64 = 10;
/// Jobs that broke a guarantee and are shown to the person who looks into it.
const GUILTY_SHOWN: usize = 20;
/// The longest that the queue delays a message or a copy, in seconds.
const LONGEST_DELAY_SECONDS: u32 = 3;

/// How bad the day is.
#[derive(Clone, Debug, Default)]
pub struct Day {
    /// The name of the stack's folder in `.redrive/`.
    pub folder: String,
    /// Jobs to submit.
    pub jobs: u32,
    /// The part of the provider's calls that get a fault, from 0 to 1.
    pub faults: f64,
    /// The part of the calls of each binding that fail, from 0 to 1.
    pub binding_faults: f64,
    /// How often the runtime is killed.
    pub kills: u32,
    /// How often a commit reaches the database when its lease is over.
    pub late_commits: u32,
    /// What all of it is drawn from.
    pub seed: u32,
    /// Clients that submit at a time.
    pub clients: u32,
}

/// What became of it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Jobs that were answered with 202.
    pub accepted: u64,
    /// Jobs that ended so.
    pub succeeded: u64,
    /// Jobs that ended so.
    pub failed: u64,
    /// Jobs that ended so.
    pub dead_lettered: u64,
    /// Jobs that were accepted, and are not there or have not ended.
    pub lost: u64,
    /// Jobs with two answers, or that changed after their end.
    pub duplicated: u64,
    /// Late answers that were dropped.
    pub fenced: u64,
    /// Leases that ran out and were taken over.
    pub rescued: u64,
    /// Messages that the sweep sent again.
    pub redispatched: u64,
    /// Good answers of the provider beyond the first of each job.
    pub paid_twice: u64,
    /// Calls of the provider.
    pub provider_calls: u64,
    /// Calls of the provider for each job.
    pub amplification: f64,
    /// From the first request until every job had ended.
    pub seconds: f64,
    /// Jobs that ended in each of those seconds.
    pub jobs_per_second: f64,
    /// Times the runtime was killed.
    pub kills: u32,
    /// What all of it was drawn from.
    pub seed: u32,
    /// Jobs that are there without a 202: the answer was lost, and the client's next one too.
    pub unanswered: u64,
    /// Jobs that have not ended, accepted or not.
    pub unended: u64,
    /// Batches there are.
    pub batches: u64,
    /// Batches of which a line is no job, or two, or did not end once, or that say so.
    pub broken_batches: u64,
    /// Jobs about which the database, its results, and the API do not agree.
    pub mismatched: u64,
    /// Requests that were refused or got no answer, and were made again.
    pub resubmitted: u64,
    /// Faults of the provider.
    pub provider_faults: u64,
    /// Faults at the bindings.
    pub binding_faults: u64,
    /// Commits that reached the database when their lease was over.
    pub late_commits: u64,
    /// With the check of every status.
    pub total_seconds: f64,
}

impl Report {
    /// The guarantees that did not hold, in sentences; empty when all did.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        let blows = u64::from(self.kills) + self.late_commits;
        let may_be_paid_twice = PAID_TWICE_PER_BLOW * blows;
        let excess = self.paid_twice.saturating_sub(may_be_paid_twice);
        let claims = [
            (self.lost, "accepted jobs were lost"),
            (self.duplicated, "jobs were answered twice"),
            (self.unended, "jobs did not end"),
            (
                self.broken_batches,
                "batches have not each of their lines as one job that ended once",
            ),
            (
                self.mismatched,
                "jobs are told differently by the database and the API",
            ),
            (
                excess,
                "calls more were paid twice than kills and late commits explain",
            ),
        ];
        let broken = claims.iter().filter(|(count, _)| *count > 0);
        broken
            .map(|(count, what)| format!("{count} {what}"))
            .collect()
    }
}

impl Day {
    /// What goes wrong at the bindings.
    fn at_the_bindings(&self) -> Faults {
        let probability = self.binding_faults;
        let queue = QueueFaults {
            send: CallFaults::at(probability),
            drop: probability / 2.0,
            duplicate: probability,
            copies: 1,
            delay: probability,
            delay_seconds: LONGEST_DELAY_SECONDS,
        };
        let worker = WorkerFaults {
            database: CallFaults::at(probability),
            cache_get: CallFaults::at(probability),
            cache_put: CallFaults::at(probability),
            jobs: queue.clone(),
            bulk_jobs: queue.clone(),
            tasks: queue.clone(),
            dead_letters: queue,
            executors: CallFaults::at(probability),
        };
        Faults::at_both(self.seed, &worker)
    }
}

/// Goes through the day, and tells what became of it. Progress is told on standard error.
///
/// # Errors
/// When the stack does not start or does not come back, or when a request is refused for good.
/// That a guarantee does not hold is no error: see [`Report::broken`].
pub async fn run(day: &Day) -> Result<Report> {
    say(&format!("seed {}", day.seed));
    let provider = Options {
        seed: day.seed.into(),
        fault_rate: day.faults,
        ..Options::default()
    };
    let rig = Rig::start(&day.folder, provider).await?;
    rig.set_faults(day.at_the_bindings()).await?;
    let cron = rig.fire_cron();
    let start = Instant::now();
    let submission = Submission::default();
    let mut watch = Watch::new(day);
    let waiting = Waiting::default();
    let done = try_join(
        submit::mixed(&rig, MODEL, day.jobs, day.clients, &submission),
        watch.until_quiet(&rig, &submission, &waiting),
    );
    tokio::select! {
        done = done => drop(done?),
        () = consumer::deliver(&rig, &waiting, day.seed) => {}
    }
    let seconds = start.elapsed().as_secs_f64();
    rig.settle(LONGEST_DELAY_SECONDS).await?;
    cron.abort();
    watch.see(&rig.snapshot().await?);
    let audit = Audit::of(&rig, &submission, &watch, day.clients).await?;
    for history in audit.guilty().into_iter().take(GUILTY_SHOWN) {
        say(&format!("look into {history:?}"));
    }
    for batch in audit.broken_batches().into_iter().take(GUILTY_SHOWN) {
        say(&format!("look into {batch:?}"));
    }
    let mut report = audit.report();
    report.seconds = rounded(seconds);
    report.jobs_per_second = rounded(f64::from(day.jobs) / seconds);
    report.total_seconds = rounded(start.elapsed().as_secs_f64());
    report.kills = watch.killed();
    report.seed = day.seed;
    rig.stop().await?;
    Ok(report)
}

/// To two places.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// A quotient of counts.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts of jobs and calls are far below 2^53"
)]
fn ratio(number: u64, by: u64) -> f64 {
    rounded(number as f64 / by.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    fn every_broken_guarantee_is_told() {
        let report = Report {
            accepted: 10,
            kills: 1,
            paid_twice: 10,
            ..Report::default()
        };
        assert!(report.broken().is_empty());
        let report = Report {
            lost: 1,
            duplicated: 2,
            unended: 3,
            mismatched: 4,
            broken_batches: 5,
            kills: 1,
            paid_twice: 15,
            ..Report::default()
        };
        let broken = report.broken();
        assert_eq!(broken.len(), 6, "{broken:?}");
        assert!(broken[5].starts_with("5 calls"), "{broken:?}");
    }
}
