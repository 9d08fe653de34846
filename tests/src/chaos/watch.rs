//! Looks at the database all the time: kills when it is time to, sees what changes that must not,
//! and says when all is quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Result;
use xtask::faults::Faults;

use super::Day;
use super::blows::{self, Blow};
use super::consumer::Waiting;
use super::database::{Snapshot, Standing, ended};
use super::rig::{Progress, Rig, say};
use super::submit::Submission;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// How long nothing may end before what is left counts as lost. The longest wait of a job that goes
/// on is that for the tenth attempt or so, with the delay of an overloaded database on top.
const PATIENCE: Duration = Duration::from_mins(3);
/// How long it takes until some delivery commits.
const UNTIL_NEXT_COMMIT: Duration = Duration::from_secs(2);

/// What has been seen, and what is still to be done.
#[derive(Debug)]
pub(super) struct Watch {
    day: Day,
    blows: Vec<(u64, Blow)>,
    killed: u32,
    /// When the latest late commit has come: until then nothing else befalls the Workers, and the
    /// run is not over.
    late_until: Instant,
    calm: bool,
    ends: BTreeMap<String, Standing>,
    changed: BTreeSet<String>,
    last_end: Instant,
    progress: Progress,
}

impl Watch {
    /// Looks after a run like this.
    pub(super) fn new(day: &Day) -> Self {
        Self {
            day: day.clone(),
            blows: blows::of(day),
            killed: 0,
            late_until: Instant::now(),
            calm: false,
            ends: BTreeMap::new(),
            changed: BTreeSet::new(),
            last_end: Instant::now(),
            progress: Progress::default(),
        }
    }

    /// Times the runtime was killed.
    pub(super) const fn killed(&self) -> u32 {
        self.killed
    }

    /// Jobs that have changed after their end.
    pub(super) const fn changed(&self) -> &BTreeSet<String> {
        &self.changed
    }

    /// Watches until everything has been submitted and has ended, or until nothing ends any more.
    pub(super) async fn until_quiet(
        &mut self,
        rig: &Rig,
        submission: &Submission,
        waiting: &Waiting,
    ) -> Result<()> {
        loop {
            tokio::time::sleep(PAUSE).await;
            let snapshot = match rig.snapshot().await {
                Ok(snapshot) => snapshot,
                // The file may be away for a moment; what lasts is an error.
                Err(error) if self.last_end.elapsed() > PATIENCE => return Err(error),
                Err(_) => continue,
            };
            self.see(&snapshot);
            waiting.note(queued(&snapshot));
            // Lines that were accepted are owed before they are jobs.
            let all = count(snapshot.len()).max(count(submission.promised()));
            let ended = count(self.ends.len());
            self.progress.say(|| {
                format!(
                    "{} jobs in the database, {ended} have ended",
                    snapshot.len()
                )
            });
            if Instant::now() < self.late_until {
                continue;
            }
            if let Some((_, blow)) = self.blows.pop_if(|(moment, _)| *moment <= ended) {
                self.strike(rig, blow).await?;
                continue;
            }
            let over = submission.is_over() && self.blows.is_empty();
            let stuck = self.last_end.elapsed() > PATIENCE;
            if !self.calm && (stuck || over && ended >= all - all / 20) {
                say("the bindings do not fail any more, so that the rest can end");
                rig.set_faults(Faults::default()).await?;
                self.calm = true;
            }
            if over && self.calm && ended >= all && rig.unended_batches().await? == 0 {
                say("every job has ended");
                return Ok(());
            }
            if stuck {
                say(&format!(
                    "no job ends any more; {} are left",
                    all.saturating_sub(ended)
                ));
                return Ok(());
            }
        }
    }

    /// Compares what is seen with what was seen before: what has ended stays as it is.
    pub(super) fn see(&mut self, snapshot: &Snapshot) {
        let changed = self
            .ends
            .iter()
            .filter(|(job, standing)| snapshot.get(*job) != Some(*standing));
        self.changed.extend(changed.map(|(job, _)| job.clone()));
        for job in ended(snapshot) {
            if !self.ends.contains_key(job)
                && let Some(standing) = snapshot.get(job)
            {
                self.ends.insert(job.to_owned(), standing.clone());
                self.last_end = Instant::now();
            }
        }
    }

    async fn strike(&mut self, rig: &Rig, blow: Blow) -> Result<()> {
        let start = Instant::now();
        let what = match blow {
            Blow::Kill => {
                rig.crash().await?;
                self.killed += 1;
                "killed the runtime"
            }
            Blow::LateCommit => {
                rig.set_faults(blows::late_commit(self.day.seed)).await?;
                self.late_until = Instant::now() + blows::LATE + UNTIL_NEXT_COMMIT;
                tokio::time::sleep(UNTIL_NEXT_COMMIT).await;
                rig.set_faults(self.day.at_the_bindings()).await?;
                "had a commit come late"
            }
        };
        self.last_end = Instant::now();
        say(&format!(
            "{what} when {} of {} jobs had ended; that took {:.1} s",
            self.ends.len(),
            self.day.jobs,
            start.elapsed().as_secs_f64()
        ));
        Ok(())
    }
}

/// The jobs that have never run, or whose lease ran out.
fn queued(snapshot: &Snapshot) -> Vec<String> {
    let queued = snapshot.iter().filter(|(_, job)| job.state == "queued");
    queued.map(|(job, _)| job.clone()).collect()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Day, Snapshot, Standing, Watch};

    fn snapshot(jobs: &[(&str, &str, u32, Option<i64>)]) -> Snapshot {
        let standing = |(job, state, attempt, completed_at_ms): &(&str, &str, u32, Option<i64>)| {
            let standing = Standing {
                state: (*state).to_owned(),
                attempt: *attempt,
                completed_at_ms: *completed_at_ms,
            };
            ((*job).to_owned(), standing)
        };
        jobs.iter().map(standing).collect()
    }

    #[test]
    fn job_that_changes_after_its_end_is_seen() {
        let mut watch = Watch::new(&Day::default());
        watch.see(&snapshot(&[
            ("a", "succeeded", 1, Some(5)),
            ("b", "succeeded", 1, Some(5)),
            ("c", "failed", 1, Some(5)),
            ("d", "running", 1, None),
        ]));
        watch.see(&snapshot(&[
            ("a", "succeeded", 1, Some(5)),
            ("b", "succeeded", 2, Some(6)),
            ("d", "succeeded", 1, Some(7)),
        ]));
        let changed: Vec<&String> = watch.changed().iter().collect();
        assert_eq!(changed, ["b", "c"]);
    }
}
