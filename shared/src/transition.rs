//! Which state may follow which, and where a failed attempt leaves its job. Pure.

use crate::clock::Instant;
use crate::error_code::ErrorCode;
use crate::fingerprint;
use crate::job::{AttemptOutcome, AttemptRecord, ClaimedJob, ErrorDetail, JobState};
use crate::provider::{Action, Budget, Failure, Usage};
use crate::retry;
use crate::store::Settlement;

/// Finished attempts that a job's history keeps; older ones make room.
const HISTORY_LIMIT: usize = 100;

impl JobState {
    /// Whether a job in this state may become `next`. The statements of `sql/` hold to it.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Queued | Self::RetryScheduled => {
                matches!(next, Self::Running | Self::Cancelled | Self::DeadLettered)
            }
            Self::Running => match next {
                Self::Running
                | Self::Queued
                | Self::RetryScheduled
                | Self::Succeeded
                | Self::Failed
                | Self::DeadLettered
                | Self::Cancelled => true,
            },
            Self::DeadLettered => matches!(next, Self::Queued),
            Self::Succeeded | Self::Failed | Self::Cancelled => false,
        }
    }
}

/// Where a failed attempt leaves its job. `provider` was asked; `jitter` is random in `0.0..1.0`.
#[must_use]
pub fn settle(
    job: &ClaimedJob,
    failure: &Failure,
    provider: &str,
    now: Instant,
    jitter: f64,
) -> Settlement {
    let code = failure.code;
    let error = detail(failure, provider);
    match failure.action_after(same_row_before(job, failure)) {
        Action::Fail => Settlement::Failed { code, error },
        Action::DeadLetter => dead_letter(job, true, code, error),
        Action::Retry => settle_retry(job, failure, error, now, jitter),
    }
}

/// How many attempts directly before this one, and after the latest replay, failed by the same row
/// of the decision table.
fn same_row_before(job: &ClaimedJob, failure: &Failure) -> u32 {
    let Some(row) = failure.row else { return 0 };
    let before = job.attempts.iter().rev();
    let count = before
        .take_while(|record| record.attempt > job.replayed_after)
        .take_while(|record| record.row == Some(row.number()))
        .count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn settle_retry(
    job: &ClaimedJob,
    failure: &Failure,
    error: ErrorDetail,
    now: Instant,
    jitter: f64,
) -> Settlement {
    let counts_as_failure = match failure.budget {
        Budget::Throttle => false,
        Budget::Failure | Budget::Immediate => true,
    };
    let failures = job.failures + u32::from(counts_as_failure);
    if counts_as_failure && failures >= job.max_attempts {
        let message = format!(
            "All {failures} attempts failed, the last with {}: {}",
            failure.code.as_str(),
            error.message
        );
        let error = given_up(failure, error, message);
        return dead_letter(job, counts_as_failure, ErrorCode::AttemptsExhausted, error);
    }
    let due_at = |unit| {
        let delay = if counts_as_failure {
            retry::delay(failure.backoff, failures, failure.hint, unit)
        } else {
            let series = same_row_before(job, failure) + 1;
            retry::throttled_delay(failure.backoff, series, failure.hint, unit)
        };
        now.plus_millis(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX))
    };
    // Jitter alone leads nobody past the deadline.
    let jittered = Some(due_at(jitter)).filter(|due_at| *due_at < job.deadline_at);
    let due_at = jittered.unwrap_or_else(|| due_at(0.0));
    schedule(job, failure, error, counts_as_failure, due_at)
}

/// Puts off a job that was not run, because it would fail by no fault of its own: `failure` says
/// why. It costs the job nothing.
#[must_use]
pub(crate) fn defer(
    job: &ClaimedJob,
    failure: &Failure,
    provider: &str,
    due_at: Instant,
) -> Settlement {
    schedule(job, failure, detail(failure, provider), false, due_at)
}

/// The next attempt begins at `due_at`, unless the deadline comes first.
fn schedule(
    job: &ClaimedJob,
    failure: &Failure,
    error: ErrorDetail,
    counts_as_failure: bool,
    due_at: Instant,
) -> Settlement {
    if due_at >= job.deadline_at {
        let message = format!(
            "The next attempt would begin after the deadline; the last ended with {}: {}",
            failure.code.as_str(),
            error.message
        );
        let error = given_up(failure, error, message);
        return dead_letter(job, counts_as_failure, ErrorCode::DeadlineExceeded, error);
    }
    Settlement::RetryScheduled {
        due_at,
        counts_as_failure,
        code: failure.code,
        error,
    }
}

/// What is told of a failure that is not tried again.
fn given_up(failure: &Failure, error: ErrorDetail, message: String) -> ErrorDetail {
    ErrorDetail {
        message,
        retryable: false,
        cause: Some(failure.code),
        ..error
    }
}

fn dead_letter(
    job: &ClaimedJob,
    counts_as_failure: bool,
    code: ErrorCode,
    error: ErrorDetail,
) -> Settlement {
    Settlement::DeadLettered {
        counts_as_failure,
        code,
        fingerprint: fingerprint::of(code, &error, job.model.as_deref()),
        error,
    }
}

fn detail(failure: &Failure, provider: &str) -> ErrorDetail {
    ErrorDetail {
        message: failure.message.clone(),
        retryable: match failure.action {
            Action::Retry => true,
            Action::Fail | Action::DeadLetter => false,
        },
        cause: None,
        provider: Some(provider.to_owned()),
        provider_status: failure.provider_status,
        provider_request_id: failure.provider_request_id.clone(),
        row: failure.row.map(crate::provider::Row::number),
        excerpt: failure.excerpt.clone(),
    }
}

/// The job's history with one more attempt. Where there is no room the oldest deferral goes, because
/// many of them say the same; without one, the oldest attempt.
#[must_use]
pub fn history(job: &ClaimedJob, record: AttemptRecord) -> Vec<AttemptRecord> {
    let mut attempts = job.attempts.clone();
    attempts.push(record);
    while attempts.len() > HISTORY_LIMIT {
        let deferral = attempts
            .iter()
            .position(|record| record.outcome == AttemptOutcome::Deferred);
        attempts.remove(deferral.unwrap_or(0));
    }
    attempts
}

/// What the provider counted for an attempt, whatever became of it.
fn usage(settlement: &Settlement, failure: Option<&Failure>) -> Option<Usage> {
    if let Settlement::Succeeded(answered) = settlement {
        return answered.usage;
    }
    failure?.partial.as_ref()?.usage
}

/// The record of an attempt that ended at `finished_at` and left the job as `settlement` says.
#[must_use]
pub fn record(
    job: &ClaimedJob,
    settlement: &Settlement,
    finished_at: Instant,
    provider: &str,
    failure: Option<&Failure>,
) -> AttemptRecord {
    let outcome = match settlement {
        Settlement::Succeeded(_) => AttemptOutcome::Succeeded,
        Settlement::RetryScheduled {
            counts_as_failure, ..
        }
        | Settlement::DeadLettered {
            counts_as_failure, ..
        } => {
            if *counts_as_failure {
                AttemptOutcome::Failed
            } else {
                AttemptOutcome::Deferred
            }
        }
        Settlement::Failed { .. } => AttemptOutcome::Failed,
    };
    AttemptRecord {
        attempt: job.attempt,
        started_at_ms: job.started_at,
        finished_at_ms: finished_at,
        outcome,
        code: failure.map(|failure| failure.code),
        provider: Some(provider.to_owned()),
        provider_status: failure.and_then(|failure| failure.provider_status),
        row: failure
            .and_then(|failure| failure.row)
            .map(crate::provider::Row::number),
        possibly_billed: failure.is_some_and(|failure| failure.possibly_billed),
        usage: usage(settlement, failure),
    }
}

#[cfg(test)]
mod tests;
