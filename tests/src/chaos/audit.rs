//! The books are closed: what the database, the provider, the log and the API say in the end.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::batches::Batch;
use super::database::History;
use super::log::Told;
use super::rig::{Rig, say};
use super::submit::Submission;
use super::watch::Watch;
use super::{Report, ratio};
use crate::client::field;

/// What is known of a run that is over.
#[derive(Debug)]
pub(super) struct Audit {
    histories: Vec<History>,
    batches: Vec<Batch>,
    accepted: BTreeSet<String>,
    again: u64,
    /// Jobs that changed after their end.
    changed: BTreeSet<String>,
    /// Jobs that the API tells otherwise than the database.
    told_otherwise: BTreeSet<String>,
    told: Told,
    provider: Provider,
}

/// What the provider counted.
#[derive(Clone, Copy, Debug, Default)]
struct Provider {
    calls: u64,
    faults: u64,
    paid_twice: u64,
}

impl Audit {
    /// Looks everything up. The bindings must not fail any more.
    pub(super) async fn of(
        rig: &Rig,
        submission: &Submission,
        watch: &Watch,
        clients: u32,
    ) -> Result<Self> {
        let histories = rig.histories().await?;
        say(&format!("asking for {} statuses", histories.len()));
        let told_otherwise = told_otherwise(rig, &histories, clients).await?;
        Ok(Self {
            changed: watch.changed().clone(),
            histories,
            batches: rig.batches().await?,
            accepted: submission.accepted(),
            again: submission.again(),
            told_otherwise,
            told: Told::of(&rig.log().await?),
            provider: Provider::of(rig).await?,
        })
    }

    /// What became of the jobs; lengths of time and kills are not known here.
    pub(super) fn report(&self) -> Report {
        let in_state = |state: &str| self.count(|history| history.standing.state == state);
        let sum = |of: fn(&History) -> u32| self.histories.iter().map(of).map(u64::from).sum();
        let ended = |history: &&History| history.standing.completed_at_ms.is_some();
        let ended: BTreeSet<&String> = self
            .histories
            .iter()
            .filter(ended)
            .map(|history| &history.job)
            .collect();
        let lost = self.accepted.iter().filter(|job| !ended.contains(job));
        Report {
            accepted: length(self.accepted.len()),
            succeeded: in_state("succeeded"),
            failed: in_state("failed"),
            dead_lettered: in_state("dead_lettered"),
            lost: length(lost.count()),
            duplicated: self.count(|history| self.is_duplicated(history)),
            fenced: self.told.fenced,
            rescued: sum(|history| history.rescues),
            redispatched: sum(|history| history.dispatches),
            paid_twice: self.provider.paid_twice,
            provider_calls: self.provider.calls,
            amplification: ratio(self.provider.calls, length(self.histories.len())),
            unanswered: self.count(|history| !self.accepted.contains(&history.job)),
            unended: self.count(|history| history.standing.completed_at_ms.is_none()),
            mismatched: self.count(|history| self.is_mismatched(history)),
            batches: length(self.batches.len()),
            broken_batches: length(self.broken_batches().len()),
            resubmitted: self.again,
            provider_faults: self.provider.faults,
            binding_faults: self.told.faults,
            late_commits: self.told.held,
            ..Report::default()
        }
    }

    /// The batches that broke a guarantee.
    pub(super) fn broken_batches(&self) -> Vec<&Batch> {
        let batches = self.batches.iter();
        batches.filter(|batch| !batch.is_whole()).collect()
    }

    /// The jobs that broke a guarantee, for the person who looks into it.
    pub(super) fn guilty(&self) -> Vec<&History> {
        let is_guilty = |history: &&History| {
            history.standing.completed_at_ms.is_none()
                || self.is_duplicated(history)
                || self.is_mismatched(history)
        };
        self.histories.iter().filter(is_guilty).collect()
    }

    fn is_duplicated(&self, history: &History) -> bool {
        history.results.len() > 1 || history.successes > 1 || self.changed.contains(&history.job)
    }

    /// Whether the job, its result, and what the API says of it disagree.
    fn is_mismatched(&self, history: &History) -> bool {
        let standing = &history.standing;
        let results: &[u32] = if standing.state == "succeeded" {
            &[standing.attempt]
        } else {
            &[]
        };
        history.results != results || self.told_otherwise.contains(&history.job)
    }

    fn count(&self, is_it: impl Fn(&History) -> bool) -> u64 {
        length(
            self.histories
                .iter()
                .filter(|history| is_it(history))
                .count(),
        )
    }
}

impl Provider {
    async fn of(rig: &Rig) -> Result<Self> {
        let counts = rig.ask_provider("calls").await?;
        let number = |name| field(&counts, name).as_u64().context("no count");
        let answered = rig.ask_provider("answered").await?;
        let answered = field(&answered, "jobs").as_object().context("no jobs")?;
        let beyond_the_first = |answers: &Value| answers.as_u64().unwrap_or(0).saturating_sub(1);
        Ok(Self {
            calls: number("total")?,
            faults: number("faults")?,
            paid_twice: answered.values().map(beyond_the_first).sum(),
        })
    }
}

/// Asks the API for every job, which answers from KV where it can.
async fn told_otherwise(
    rig: &Rig,
    histories: &[History],
    clients: u32,
) -> Result<BTreeSet<String>> {
    let ask = |history: &History| {
        let (api, job, standing) = (
            rig.api.clone(),
            history.job.clone(),
            history.standing.clone(),
        );
        async move {
            let told = api.job(&job).await?.unwrap_or_default();
            let agrees = field(&told, "status") == standing.state.as_str()
                && field(&told, "attempt") == standing.attempt;
            Ok::<_, anyhow::Error>((!agrees).then_some(job))
        }
    };
    let otherwise: Vec<Option<String>> = stream::iter(histories.iter().map(ask))
        .buffer_unordered(usize::try_from(clients)?)
        .try_collect()
        .await?;
    Ok(otherwise.into_iter().flatten().collect())
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::batches::tests::of_three;
    use super::super::database::Standing;
    use super::{Audit, BTreeSet, History, Provider, Told};

    fn history(job: &str, state: &str, results: &[u32], successes: u32) -> History {
        let ended = !matches!(state, "running" | "queued");
        History {
            job: job.to_owned(),
            standing: Standing {
                state: state.to_owned(),
                attempt: 2,
                completed_at_ms: ended.then_some(9),
            },
            failures: 0,
            rescues: 1,
            dispatches: 2,
            successes,
            results: results.to_vec(),
        }
    }

    fn jobs(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn audit(histories: Vec<History>, accepted: &[&str]) -> Audit {
        Audit {
            histories,
            batches: vec![of_three("completed", [3, 3, 3])],
            accepted: jobs(accepted),
            again: 0,
            changed: BTreeSet::new(),
            told_otherwise: BTreeSet::new(),
            told: Told::default(),
            provider: Provider::default(),
        }
    }

    #[test]
    fn quiet_day_is_told_without_complaint() {
        let histories = vec![
            history("a", "succeeded", &[2], 1),
            history("b", "dead_lettered", &[], 0),
            history("c", "failed", &[], 0),
        ];
        let audit = audit(histories, &["a", "b"]);
        let report = audit.report();
        assert!(report.broken().is_empty(), "{report:?}");
        assert!(audit.guilty().is_empty());
        assert_eq!(
            (report.succeeded, report.dead_lettered, report.failed),
            (1, 1, 1)
        );
        assert_eq!((report.accepted, report.unanswered), (2, 1));
        assert_eq!((report.rescued, report.redispatched), (3, 6));
    }

    #[test]
    fn job_that_is_missing_or_has_not_ended_is_lost() {
        let report = audit(vec![history("a", "running", &[], 0)], &["a", "b"]).report();
        assert_eq!((report.lost, report.unended), (2, 1));
    }

    #[test]
    fn second_answer_is_found_however_it_shows() {
        let mut audit = audit(
            vec![
                history("two rows", "succeeded", &[2, 2], 1),
                history("two successes", "succeeded", &[2], 2),
                history("changed", "succeeded", &[2], 1),
                history("once", "succeeded", &[2], 1),
            ],
            &[],
        );
        audit.changed = jobs(&["changed"]);
        assert_eq!(audit.report().duplicated, 3);
        assert_eq!(audit.guilty().len(), 3);
    }

    #[test]
    fn batch_without_one_of_its_lines_is_broken() {
        let mut audit = audit(vec![], &[]);
        assert_eq!(audit.report().broken_batches, 0);
        audit.batches.push(of_three("completed", [3, 2, 2]));
        let report = audit.report();
        assert_eq!((report.batches, report.broken_batches), (2, 1));
    }

    #[test]
    fn result_that_does_not_belong_to_its_job_is_a_mismatch() {
        let mut audit = audit(
            vec![
                history("no result", "succeeded", &[], 1),
                history("of another attempt", "succeeded", &[1], 1),
                history("of a failure", "failed", &[2], 0),
                history("told otherwise", "failed", &[], 0),
                history("fine", "succeeded", &[2], 1),
            ],
            &[],
        );
        audit.told_otherwise = jobs(&["told otherwise"]);
        assert_eq!(audit.report().mismatched, 4);
    }
}
