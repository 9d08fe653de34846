//! What the earlier attempts of a job say about a provider of its chain. What was before the latest
//! replay says nothing.

use crate::clock::Instant;
use crate::error_code::ErrorCode;
use crate::job::{AttemptRecord, ClaimedJob};
use crate::provider::Row;
use crate::request::Target;

/// What became of one provider in one attempt.
struct Trace {
    row: Option<u8>,
    lasting: bool,
    retry_at: Option<Instant>,
    code: Option<ErrorCode>,
    called: bool,
}

/// Whether a provider is asked at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is.
    Open,
    /// It refused for good.
    Over,
    /// Not before this instant, for this reason.
    Waiting(Instant, ErrorCode),
}

fn attempts(job: &ClaimedJob) -> impl Iterator<Item = &AttemptRecord> {
    let attempts = job.attempts.iter().rev();
    attempts.take_while(|record| record.attempt > job.replayed_after)
}

/// The traces of `target`, the latest first.
fn traces<'a>(job: &'a ClaimedJob, target: &'a Target) -> impl Iterator<Item = Trace> + 'a {
    attempts(job).filter_map(|record| {
        let passed = record.fallbacks.iter();
        let passed = passed.rev().find(|fallback| {
            fallback.provider == target.provider && fallback.model == target.model
        });
        if let Some(fallback) = passed {
            return Some(Trace {
                row: fallback.row,
                lasting: fallback.lasting,
                retry_at: fallback.retry_at_ms,
                code: Some(fallback.code),
                called: fallback.called,
            });
        }
        let asked = record.provider.as_deref() == Some(target.provider.as_str())
            && record.model.as_deref() == Some(target.model.as_str());
        asked.then_some(Trace {
            row: record.row,
            lasting: false,
            retry_at: None,
            code: record.code,
            called: record.called,
        })
    })
}

/// How often in a row, just before this attempt, `target` failed by `row` of the decision table.
/// Attempts that did not ask it count for nothing.
pub(super) fn same_row_before(job: &ClaimedJob, target: &Target, row: Option<Row>) -> u32 {
    let Some(row) = row else { return 0 };
    let count = traces(job, target)
        .filter(|trace| trace.called)
        .take_while(|trace| trace.row == Some(row.number()))
        .count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether `target` is asked by an attempt at `now`.
pub(super) fn standing(job: &ClaimedJob, target: &Target, now: Instant) -> Standing {
    let Some(latest) = traces(job, target).next() else {
        return Standing::Open;
    };
    if latest.lasting {
        return Standing::Over;
    }
    match (latest.retry_at, latest.code) {
        (Some(at), Some(code)) if at > now => Standing::Waiting(at, code),
        (Some(_) | None, Some(_) | None) => Standing::Open,
    }
}

/// Whether the prompt was too long for `target` when it was asked last.
pub(super) fn exceeded_context(job: &ClaimedJob, target: &Target) -> bool {
    let latest = traces(job, target).next();
    latest.is_some_and(|trace| trace.code == Some(ErrorCode::ContextLengthExceeded))
}

/// The answer that a provider works on since the latest attempt, and who that is.
pub(super) fn pending(job: &ClaimedJob) -> Option<(Target, String)> {
    let latest = attempts(job).next()?;
    let target = Target {
        provider: latest.provider.clone()?,
        model: latest.model.clone()?,
    };
    Some((target, latest.pending.clone()?))
}
