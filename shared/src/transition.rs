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

/// How many attempts directly before this one failed by the same row of the decision table.
fn same_row_before(job: &ClaimedJob, failure: &Failure) -> u32 {
    let Some(row) = failure.row else { return 0 };
    let before = job.attempts.iter().rev();
    let count = before
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
    let give_up = |code, message| {
        let error = ErrorDetail {
            message,
            retryable: false,
            cause: Some(failure.code),
            ..error.clone()
        };
        dead_letter(job, counts_as_failure, code, error)
    };
    let failures = job.failures + u32::from(counts_as_failure);
    if counts_as_failure && failures >= job.max_attempts {
        let message = format!(
            "All {failures} attempts failed, the last with {}: {}",
            failure.code.as_str(),
            error.message
        );
        return give_up(ErrorCode::AttemptsExhausted, message);
    }
    // A throttled job waits longer each time as well, by its row of deferrals.
    let series = if counts_as_failure {
        failures
    } else {
        same_row_before(job, failure) + 1
    };
    let delay = retry::delay(failure.backoff, series, failure.hint, jitter);
    let due_at = now.plus_millis(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX));
    if due_at >= job.deadline_at {
        let message = format!(
            "The next attempt would begin after the deadline; the last ended with {}: {}",
            failure.code.as_str(),
            error.message
        );
        return give_up(ErrorCode::DeadlineExceeded, message);
    }
    Settlement::RetryScheduled {
        due_at,
        counts_as_failure,
        code: failure.code,
        error,
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

/// The job's history with one more attempt, the oldest making room.
#[must_use]
pub fn history(job: &ClaimedJob, record: AttemptRecord) -> Vec<AttemptRecord> {
    let mut attempts = job.attempts.clone();
    attempts.push(record);
    let surplus = attempts.len().saturating_sub(HISTORY_LIMIT);
    attempts.drain(..surplus);
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
