//! Which state may follow which, and where a failed attempt leaves its job. Pure.

use crate::clock::Instant;
use crate::error_code::ErrorCode;
use crate::job::{AttemptOutcome, AttemptRecord, ClaimedJob, ErrorDetail, JobState};
use crate::provider::{Action, Budget, Failure};
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
        Action::DeadLetter => Settlement::DeadLettered {
            counts_as_failure: true,
            code,
            error,
        },
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
            ..error.clone()
        };
        Settlement::DeadLettered {
            counts_as_failure,
            code,
            error,
        }
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

fn detail(failure: &Failure, provider: &str) -> ErrorDetail {
    ErrorDetail {
        message: failure.message.clone(),
        retryable: match failure.action {
            Action::Retry => true,
            Action::Fail | Action::DeadLetter => false,
        },
        provider: Some(provider.to_owned()),
        provider_status: failure.provider_status,
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use JobState::{Cancelled, DeadLettered, Failed, Queued, RetryScheduled, Running, Succeeded};
    use std::collections::BTreeSet;

    /// Every statement that moves a job: its text, the states it moves from, the state it moves to.
    const STATEMENTS: [(&str, &[JobState], JobState); 9] = [
        (
            include_str!("../sql/claim_jobs.sql"),
            &[Queued, RetryScheduled, Running],
            Running,
        ),
        (
            include_str!("../sql/complete_job.sql"),
            &[Running],
            Succeeded,
        ),
        (
            include_str!("../sql/schedule_retry.sql"),
            &[Running],
            RetryScheduled,
        ),
        (include_str!("../sql/fail_job.sql"), &[Running], Failed),
        (
            include_str!("../sql/dead_letter_job.sql"),
            &[Running],
            DeadLettered,
        ),
        (
            include_str!("../sql/cancel_job.sql"),
            &[Queued, RetryScheduled, Running],
            Cancelled,
        ),
        (
            include_str!("../sql/sweep_poison.sql"),
            &[Running],
            DeadLettered,
        ),
        (include_str!("../sql/sweep_rescue.sql"), &[Running], Queued),
        (
            include_str!("../sql/sweep_deadline.sql"),
            &[Queued, RetryScheduled],
            DeadLettered,
        ),
    ];

    /// The statement without its comments, as words in quotes.
    fn states_named(sql: &str) -> BTreeSet<&str> {
        sql.lines()
            .filter(|line| !line.starts_with("--"))
            .flat_map(|line| line.split('\'').skip(1).step_by(2))
            .filter(|word| JobState::ALL.iter().any(|state| state.as_str() == *word))
            .collect()
    }

    #[test]
    fn the_statements_make_just_the_transitions_that_are_allowed() {
        let mut made = BTreeSet::new();
        for (sql, from, to) in STATEMENTS {
            let named: BTreeSet<&str> = from
                .iter()
                .chain([&to])
                .map(|state| state.as_str())
                .collect();
            assert_eq!(states_named(sql), named, "{sql}");
            made.extend(from.iter().map(|from| (from.as_str(), to.as_str())));
        }
        let mut allowed = BTreeSet::new();
        for from in JobState::ALL {
            for to in JobState::ALL.into_iter().filter(|to| from.may_become(*to)) {
                allowed.insert((from.as_str(), to.as_str()));
            }
        }
        // The one transition without a statement so far: replay.
        assert!(allowed.remove(&("dead_lettered", "queued")));
        assert_eq!(made, allowed);
    }

    #[test]
    fn the_schema_knows_just_the_states_of_the_enum() {
        let schema = include_str!("../../migrations/0001_pipeline.sql");
        let check = schema
            .split("jobs_state_known CHECK (state IN (")
            .nth(1)
            .expect("the check");
        let list = check.split(')').next().expect("its list");
        let names: Vec<&str> = list
            .split(", ")
            .map(|name| name.trim_matches('\''))
            .collect();
        assert_eq!(names, JobState::ALL.map(JobState::as_str));
    }

    #[test]
    fn a_terminal_state_moves_only_by_a_replay() {
        for from in JobState::ALL
            .into_iter()
            .filter(|state| state.is_terminal())
        {
            for to in JobState::ALL {
                assert_eq!(from.may_become(to), from == DeadLettered && to == Queued);
            }
        }
    }
}
