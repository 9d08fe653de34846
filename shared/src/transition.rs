//! Which state may follow which, and where a failed attempt leaves its job. Pure.

use crate::clock::Instant;
use crate::error_code::ErrorCode;
use crate::fingerprint;
use crate::job::{AttemptOutcome, AttemptRecord, ClaimedJob, ErrorDetail, JobState};
use crate::provider::{Action, Budget, Failure};
use crate::request::Target;
use crate::retry;
use crate::store::Settlement;

/// Bytes of a partial answer that are kept with the error.
const PARTIAL_BYTES: usize = 65_536;

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

/// Where a failed call leaves its job: `target` was asked, and failed by the same row of the decision
/// table in `earlier` attempts directly before; `jitter` is random in `0.0..1.0`.
#[must_use]
pub fn settle(
    job: &ClaimedJob,
    failure: &Failure,
    target: Option<&Target>,
    earlier: u32,
    now: Instant,
    jitter: f64,
) -> Settlement {
    let code = failure.code;
    let error = detail(failure, target);
    match failure.action_after(earlier) {
        Action::Fail => Settlement::Failed { code, error },
        Action::DeadLetter => {
            let error = ErrorDetail {
                retryable: false,
                ..error
            };
            dead_letter(job, true, code, error)
        }
        Action::Retry => settle_retry(job, failure, error, earlier, now, jitter),
    }
}

fn settle_retry(
    job: &ClaimedJob,
    failure: &Failure,
    error: ErrorDetail,
    earlier: u32,
    now: Instant,
    jitter: f64,
) -> Settlement {
    let counts_as_failure = match failure.budget {
        Budget::Throttle => false,
        Budget::Failure | Budget::Immediate => true,
    };
    let failures = job.failures + u32::from(counts_as_failure);
    if counts_as_failure && failures >= job.max_attempts {
        let which = if failures == 1 {
            "The only attempt".to_owned()
        } else {
            format!("All {failures} attempts")
        };
        let message = format!(
            "{which} failed, the last with {}: {}",
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
            retry::throttled_delay(failure.backoff, earlier + 1, failure.hint, unit)
        };
        now.plus(delay)
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
    target: Option<&Target>,
    due_at: Instant,
) -> Settlement {
    schedule(job, failure, detail(failure, target), false, due_at)
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
    let model = error.model.as_deref().or(job.model.as_deref());
    Settlement::DeadLettered {
        counts_as_failure,
        code,
        fingerprint: fingerprint::of(code, &error, model),
        error,
    }
}

fn detail(failure: &Failure, target: Option<&Target>) -> ErrorDetail {
    let partial = failure.partial.as_ref().map(|partial| partial.text.clone());
    ErrorDetail {
        message: failure.message.clone(),
        retryable: match failure.action {
            Action::Retry => true,
            Action::Fail | Action::DeadLetter => false,
        },
        cause: None,
        provider: target.map(|target| target.provider.clone()),
        model: target.map(|target| target.model.clone()),
        provider_status: failure.provider_status,
        provider_request_id: failure.provider_request_id.clone(),
        row: failure.row.map(crate::provider::Row::number),
        excerpt: failure.excerpt.clone(),
        partial_output: partial
            .filter(|text| !text.is_empty())
            .map(|text| cut(&text.replace('\0', "\u{fffd}"), PARTIAL_BYTES).to_owned()),
    }
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
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

/// How an attempt ended that left its job as `settlement` says.
#[must_use]
pub fn outcome(settlement: &Settlement) -> AttemptOutcome {
    match settlement {
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
    }
}

#[cfg(test)]
mod tests;
