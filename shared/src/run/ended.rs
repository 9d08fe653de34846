//! Where an attempt leaves its job, and why each provider of the chain that did not answer was
//! passed over. Pure.

use crate::clock::Instant;
use crate::configuration::Cost;
use crate::error_code::ErrorCode;
use crate::job::{ClaimedJob, FallbackRecord};
use crate::provider::{Action, Budget, Failure, Row, Usage};
use crate::request::Target;
use crate::store::{Answered, Settlement};
use crate::transition;
use std::time::Duration;

/// A provider of the chain that brought no answer in this attempt.
pub(super) struct Passed {
    pub(super) target: Target,
    pub(super) started_at: Instant,
    pub(super) finished_at: Instant,
    /// Whether it was asked.
    pub(super) called: bool,
    pub(super) failure: Failure,
    /// How often it failed by the same row directly before.
    pub(super) earlier: u32,
    /// When it may be asked, where that is known; else the failure tells.
    pub(super) due_at: Option<Instant>,
    pub(super) usage: Option<Usage>,
    pub(super) cost: Option<Cost>,
}

/// What came of the chain.
pub(super) struct Ended {
    pub(super) settlement: Settlement,
    /// Who decided: the one that answered, or whose failure is told.
    pub(super) target: Option<Target>,
    pub(super) failure: Option<Failure>,
    /// Whether that one was asked.
    pub(super) called: bool,
    pub(super) usage: Option<Usage>,
    pub(super) cost: Option<Cost>,
    /// The answer that the provider works on, to be asked for by the next attempt.
    pub(super) pending: Option<String>,
    pub(super) fallbacks: Vec<FallbackRecord>,
}

impl Ended {
    /// An attempt that `failure` decided; `target` was asked, if anybody was.
    pub(super) const fn of(
        settlement: Settlement,
        target: Option<Target>,
        failure: Failure,
    ) -> Self {
        Self {
            settlement,
            target,
            failure: Some(failure),
            called: false,
            usage: None,
            cost: None,
            pending: None,
            fallbacks: Vec::new(),
        }
    }

    /// An attempt in which `target` answered, after those of `passed` had not.
    pub(super) fn answered(target: &Target, answered: Box<Answered>, passed: &[Passed]) -> Self {
        Self {
            target: Some(target.clone()),
            failure: None,
            called: true,
            usage: answered.usage,
            cost: answered.cost_micro_usd,
            pending: None,
            fallbacks: passed.iter().map(|one| one.record(None)).collect(),
            settlement: Settlement::Succeeded(answered),
        }
    }

    /// An attempt whose calls took so long that too little of its time is left for another one: the
    /// next attempt begins at once, and with the provider whose turn it is. Those before it are not
    /// asked for as long as an attempt takes, `lasts`.
    ///
    /// The attempt counts as a failure when any of its calls does, unless that were the job's last:
    /// the provider whose turn it is has not been asked yet.
    pub(super) fn going_on(
        job: &ClaimedJob,
        passed: &[Passed],
        now: Instant,
        lasts: Duration,
    ) -> Self {
        let called = passed.iter().rev().find(|one| one.called);
        let Some(latest) = called.or(passed.last()) else {
            return Self::unanswered(job, Vec::new(), now, 0.0);
        };
        let later = now.plus(lasts);
        let records = passed.iter().map(|one| {
            let settlement = one.settle(job, now, 0.0);
            let mut record = one.record(Some(&settlement));
            record.lasting &= !is_given_up(&settlement);
            if !record.lasting {
                let own = record.retry_at_ms.unwrap_or(later);
                record.retry_at_ms = Some(own.max(later));
            }
            record
        });
        let counts = passed
            .iter()
            .any(|one| one.called && one.failure.budget == Budget::Failure);
        // Each of them says so in a record of its own.
        let failure = Failure {
            possibly_billed: false,
            ..latest.failure.clone()
        };
        let target = Some(&latest.target);
        let mut settlement = transition::defer(job, &failure, target, now);
        if let Settlement::RetryScheduled {
            counts_as_failure, ..
        } = &mut settlement
        {
            *counts_as_failure = counts && job.failures + 1 < job.max_attempts;
        }
        Self {
            fallbacks: records.collect(),
            ..Self::of(settlement, None, failure)
        }
    }

    /// An attempt in which nobody answered.
    ///
    /// The job ends only when every provider that was asked refused for good, or its failures are
    /// used up. Otherwise it comes again for the provider that may be asked the soonest, and the
    /// attempt counts as a failure when any of the calls does. `jitter` is random in `0.0..1.0`.
    pub(super) fn unanswered(
        job: &ClaimedJob,
        passed: Vec<Passed>,
        now: Instant,
        jitter: f64,
    ) -> Self {
        let mut settled: Vec<(Passed, Settlement)> = Vec::with_capacity(passed.len());
        for one in passed {
            let settlement = one.settle(job, now, jitter);
            settled.push((one, settlement));
        }
        let Some(index) = decisive(&settled) else {
            let message = "No provider of the chain could be asked.";
            let failure = Failure::ours(
                ErrorCode::ProviderMisconfigured,
                Action::DeadLetter,
                message,
            );
            let settlement = transition::settle(job, &failure, None, 0, now, jitter);
            return Self::of(settlement, None, failure);
        };
        let counts = settled.iter().any(|(_, settlement)| counts(settlement));
        let (one, mut settlement) = settled.remove(index);
        if let Settlement::RetryScheduled {
            counts_as_failure, ..
        } = &mut settlement
        {
            *counts_as_failure = counts;
        }
        Self {
            called: one.called,
            usage: one.usage,
            cost: one.cost,
            fallbacks: settled
                .into_iter()
                .map(|(one, settlement)| one.record(Some(&settlement)))
                .collect(),
            ..Self::of(settlement, Some(one.target), one.failure)
        }
    }
}

/// Whether it is the job that cannot go on, and not the provider that refused.
const fn is_given_up(settlement: &Settlement) -> bool {
    matches!(
        settlement,
        Settlement::DeadLettered {
            code: ErrorCode::AttemptsExhausted | ErrorCode::DeadlineExceeded,
            ..
        }
    )
}

/// Whether a job that comes again has one failure more.
const fn counts(settlement: &Settlement) -> bool {
    match settlement {
        Settlement::RetryScheduled {
            counts_as_failure, ..
        } => *counts_as_failure,
        Settlement::Succeeded(_) | Settlement::Failed { .. } | Settlement::DeadLettered { .. } => {
            false
        }
    }
}

/// Whose failure decides about the job.
///
/// A job whose failures are used up is over. Else it comes again for the provider that may be asked
/// the soonest. When all refused for good, an operator can put one right that asks for it.
fn decisive(settled: &[(Passed, Settlement)]) -> Option<usize> {
    let exhausted = settled.iter().position(|(_, settlement)| {
        matches!(settlement, Settlement::DeadLettered { code, .. } if *code == ErrorCode::AttemptsExhausted)
    });
    let soonest = || {
        let due = settled.iter().enumerate();
        let due = due.filter_map(|(index, (_, settlement))| match settlement {
            Settlement::RetryScheduled { due_at, .. } => Some((*due_at, index)),
            Settlement::Succeeded(_)
            | Settlement::Failed { .. }
            | Settlement::DeadLettered { .. } => None,
        });
        due.min().map(|(_, index)| index)
    };
    let dead = || {
        settled
            .iter()
            .rposition(|(_, settlement)| matches!(settlement, Settlement::DeadLettered { .. }))
    };
    exhausted
        .or_else(soonest)
        .or_else(dead)
        .or_else(|| settled.len().checked_sub(1))
}

impl Passed {
    /// Where this provider alone would leave the job.
    fn settle(&self, job: &ClaimedJob, now: Instant, jitter: f64) -> Settlement {
        let target = Some(&self.target);
        match self.due_at {
            Some(due_at) => transition::defer(job, &self.failure, target, due_at),
            None => transition::settle(job, &self.failure, target, self.earlier, now, jitter),
        }
    }

    /// Whether it would be asked again, were the job's failures not used up, or its deadline not so
    /// near: then another provider is the only way left.
    pub(super) fn has_no_next_attempt(&self, job: &ClaimedJob, now: Instant) -> bool {
        is_given_up(&self.settle(job, now, 0.0))
    }

    /// Whether a provider that was asked for an answer it works on may still bring it: the question
    /// did not get through.
    pub(super) fn leaves_pending(&self) -> bool {
        let answered = self.failure.provider_status.unwrap_or_default();
        self.failure.action_after(self.earlier) == Action::Retry && !(200..300).contains(&answered)
    }

    /// What the history keeps; `settlement` is where this provider alone would have left the job.
    pub(super) fn record(&self, settlement: Option<&Settlement>) -> FallbackRecord {
        let (lasting, retry_at) = match settlement {
            Some(Settlement::RetryScheduled { due_at, .. }) => (false, Some(*due_at)),
            Some(
                Settlement::Failed { .. }
                | Settlement::DeadLettered { .. }
                | Settlement::Succeeded(_),
            ) => (true, None),
            None => (false, None),
        };
        FallbackRecord {
            provider: self.target.provider.clone(),
            model: self.target.model.clone(),
            started_at_ms: self.started_at,
            finished_at_ms: self.finished_at,
            code: self.failure.code,
            called: self.called,
            provider_status: self.failure.provider_status,
            row: self.failure.row.map(Row::number),
            lasting,
            retry_at_ms: retry_at,
            possibly_billed: self.failure.possibly_billed,
            usage: self.usage,
            cost_micro_usd: self.cost,
        }
    }
}
