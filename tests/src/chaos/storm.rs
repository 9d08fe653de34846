//! A storm: the provider throttles everything for a while, and asks for a pause each time.

mod calls;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join;
use serde::Serialize;

use super::rig::{Progress, Rig, say};
use super::submit::{self, Submission};
use super::{database, ratio, rounded};
use crate::client::field;
use crate::simulator::{Options, STORM_HINT_SECONDS, now_ms};

/// Between two looks at the database.
const PAUSE: Duration = Duration::from_millis(250);
/// How long nothing may end, beyond the storm itself, before the run is given up.
const PATIENCE: Duration = Duration::from_mins(3);
/// A rate is not measured by fewer jobs.
const FEWEST_MEASURED: u32 = 10;
/// How much longer than ideal the jobs may take after the storm.
const LONGEST_RATIO: f64 = 2.0;

/// How long the storm is, and for how many.
#[derive(Clone, Debug)]
pub struct Storm {
    /// The name of the stack's folder in `.redrive/`.
    pub folder: String,
    /// Jobs that wait out the storm, and as many that run before it, as a measure.
    pub jobs: u32,
    /// How long the provider throttles, from its first call on.
    pub seconds: u32,
    /// Clients that submit at a time.
    pub clients: u32,
}

/// What became of it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StormReport {
    /// Jobs that were answered with 202.
    pub accepted: u64,
    /// Jobs that ended so.
    pub succeeded: u64,
    /// Jobs that ended so.
    pub dead_lettered: u64,
    /// Jobs that were accepted and did not succeed, dead letters included.
    pub unsuccessful: u64,
    /// Failures counted against the jobs: a storm is nobody's fault.
    pub failures: u64,
    /// How long the storm was.
    pub storm_seconds: u32,
    /// Calls of the provider in the storm.
    pub calls_in_storm: u64,
    /// The most of them that began within the length of one hint.
    pub most_calls_in_a_hint: u64,
    /// Calls that began within a second of a refusal: those that were on their way already.
    pub calls_on_their_way: u64,
    /// Calls that began later than that, and before the pause was over that was asked for last.
    pub early_calls: u64,
    /// From the end of the storm until the last job had ended.
    pub drain_seconds: f64,
    /// The pause asked for, and the time that as many jobs take without a storm.
    pub ideal_seconds: f64,
    /// How many times longer than ideal it took.
    pub ratio: f64,
    /// Jobs that end in a second without a storm, while none is being submitted.
    pub calm_jobs_per_second: f64,
    /// Calls of the provider for each job.
    pub amplification: f64,
}

impl StormReport {
    /// What should not have been, in sentences; empty when all was well.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        let claims = [
            (self.dead_lettered, "jobs became dead letters"),
            (self.unsuccessful, "accepted jobs did not succeed"),
            (self.failures, "failures were counted against jobs"),
            (
                self.early_calls,
                "calls came before the pause was over that was asked for",
            ),
        ];
        let broken = claims.iter().filter(|(count, _)| *count > 0);
        let mut broken: Vec<String> = broken
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if self.ratio > LONGEST_RATIO {
            broken.push(format!(
                "the jobs took {} times as long as ideal after the storm",
                self.ratio
            ));
        }
        broken
    }
}

/// Goes through a storm, and tells what became of it. Progress is told on standard error.
///
/// # Errors
/// When the stack does not start, or when a request is refused for good.
/// That something should not have been is no error: see [`StormReport::broken`].
pub async fn run(storm: &Storm) -> Result<StormReport> {
    let rig = Rig::start(&storm.folder, Options::default()).await?;
    let cron = rig.fire_cron();
    say("first without a storm, as a measure");
    let calm = through(&rig, "sim-ok", storm, 0).await?;
    let calm_jobs_per_second = drain_rate(&rig, &calm).await?;
    say(&format!(
        "{calm_jobs_per_second:.0} jobs a second; now with a storm of {} s",
        storm.seconds
    ));
    let model = format!("sim-storm-{}", storm.seconds);
    let submitted = through(&rig, &model, storm, storm.jobs).await?;
    cron.abort();
    let calls = rig.ask_provider(&format!("models/{model}")).await?;
    let calls: Vec<calls::Call> = serde_json::from_value(field(&calls, "calls").clone())?;
    let mut report = calls::in_storm(&calls, storm.seconds)?;
    report.calm_jobs_per_second = rounded(calm_jobs_per_second);
    report.amplification = ratio(count(calls.len()), u64::from(storm.jobs));
    let over_at_ms = calls::over_at_ms(&calls, storm.seconds)?;
    tell_jobs(&rig, &submitted.accepted, over_at_ms, &mut report).await?;
    let ideal = f64::from(STORM_HINT_SECONDS) + f64::from(storm.jobs) / calm_jobs_per_second;
    report.ideal_seconds = rounded(ideal);
    report.ratio = rounded(report.drain_seconds / ideal);
    rig.stop().await?;
    Ok(report)
}

/// Jobs that were submitted.
struct Submitted {
    accepted: BTreeSet<String>,
    /// When the last of them was, in Unix milliseconds.
    at_ms: u64,
    /// From the first request until all had ended.
    took: Duration,
}

/// Submits the jobs, waits until the database holds no job that has not ended, and gives back the
/// ids of those that were accepted. `before` jobs are there already.
async fn through(rig: &Rig, model: &str, storm: &Storm, before: u32) -> Result<Submitted> {
    let start = Instant::now();
    let submission = Submission::default();
    let submit = async {
        submit::all(rig, model, storm.jobs, storm.clients, &submission).await?;
        Ok(now_ms())
    };
    let all = u64::from(before) + u64::from(storm.jobs);
    let (at_ms, ()) = try_join(submit, until_ended(rig, all, storm.seconds)).await?;
    Ok(Submitted {
        accepted: submission.accepted(),
        at_ms,
        took: start.elapsed(),
    })
}

/// How many jobs end in a second while none is being submitted.
async fn drain_rate(rig: &Rig, submitted: &Submitted) -> Result<f64> {
    let snapshot = rig.snapshot().await?;
    let ends = snapshot.values().filter_map(|job| job.completed_at_ms);
    let mut later = ends
        .filter_map(|at| u64::try_from(at).ok()?.checked_sub(submitted.at_ms))
        .collect::<Vec<u64>>();
    later.sort_unstable();
    let seconds = Duration::from_millis(later.last().copied().unwrap_or_default());
    let jobs = u32::try_from(later.len())?;
    if jobs < FEWEST_MEASURED {
        // They ended as fast as they came.
        let jobs = u32::try_from(submitted.accepted.len())?;
        return Ok(f64::from(jobs) / submitted.took.as_secs_f64());
    }
    Ok(f64::from(jobs) / seconds.as_secs_f64())
}

/// Waits until this many jobs have ended.
async fn until_ended(rig: &Rig, all: u64, storm_seconds: u32) -> Result<()> {
    let patience = PATIENCE + Duration::from_secs(storm_seconds.into());
    let mut progress = Progress::default();
    let (mut most, mut last_end) = (0, Instant::now());
    while most < all {
        tokio::time::sleep(PAUSE).await;
        let Ok(snapshot) = rig.snapshot().await else {
            continue;
        };
        let ended = count(database::ended(&snapshot).len());
        progress.say(|| format!("{} jobs, {ended} have ended", snapshot.len()));
        if ended > most {
            (most, last_end) = (ended, Instant::now());
        }
        if last_end.elapsed() > patience {
            say(&format!("no job ends any more; {ended} of {all} have"));
            return Ok(());
        }
    }
    Ok(())
}

/// What the database holds of the jobs of the storm.
async fn tell_jobs(
    rig: &Rig,
    accepted: &BTreeSet<String>,
    over_at_ms: u64,
    report: &mut StormReport,
) -> Result<()> {
    let histories = rig.histories().await?;
    let jobs: Vec<_> = histories
        .iter()
        .filter(|history| accepted.contains(&history.job))
        .collect();
    let in_state = |state: &str| {
        count(
            jobs.iter()
                .filter(|job| job.standing.state == state)
                .count(),
        )
    };
    report.accepted = count(accepted.len());
    report.succeeded = in_state("succeeded");
    report.dead_lettered = in_state("dead_lettered");
    report.unsuccessful = report.accepted.saturating_sub(report.succeeded);
    report.failures = jobs.iter().map(|job| u64::from(job.failures)).sum();
    let last = jobs.iter().filter_map(|job| job.standing.completed_at_ms);
    let last = u64::try_from(last.max().unwrap_or_default())?;
    let drain = last.saturating_sub(over_at_ms);
    report.drain_seconds = rounded(Duration::from_millis(drain).as_secs_f64());
    Ok(())
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::StormReport;

    #[test]
    fn everything_that_should_not_have_been_is_told() {
        let report = StormReport {
            dead_lettered: 1,
            unsuccessful: 2,
            failures: 3,
            early_calls: 4,
            ratio: 2.5,
            ..StormReport::default()
        };
        assert_eq!(report.broken().len(), 5);
        assert!(StormReport::default().broken().is_empty());
    }
}
