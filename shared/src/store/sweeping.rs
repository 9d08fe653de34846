//! What the sweep finds and moves: four statements, each bounded, in one batch.

use super::{MAX_RESCUES, Store};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::error_code::ErrorCode;
use crate::ids::{JobId, TenantId};
use crate::job::ErrorDetail;
use crate::message::{DeadLetterMessage, JobMessage};
use serde::Deserialize;

/// How much one sweep does, and how long it waits before it calls a message lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepLimits {
    /// Rows each statement moves at most.
    pub rows: u32,
    /// A job that waits and was due at this instant or before has lost its message.
    pub overdue: Instant,
}

/// A job that the sweep dead-lettered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SweptJob {
    /// Whose job it is.
    pub tenant_id: TenantId,
    /// The job.
    pub id: JobId,
    /// Its latest attempt.
    pub attempt: u32,
    /// Why it was dead-lettered.
    pub error_code: ErrorCode,
}

impl From<SweptJob> for DeadLetterMessage {
    fn from(job: SweptJob) -> Self {
        Self {
            tenant_id: job.tenant_id,
            job_id: job.id,
            attempt: job.attempt,
            code: job.error_code,
        }
    }
}

#[derive(Deserialize)]
struct Pair {
    tenant_id: TenantId,
    id: JobId,
}

impl From<Pair> for JobMessage {
    fn from(pair: Pair) -> Self {
        Self {
            tenant_id: pair.tenant_id,
            job_id: pair.id,
        }
    }
}

/// What one sweep moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swept {
    /// Dead-lettered: the lease ran out for the last time allowed, or the deadline passed.
    pub dead_lettered: Vec<SweptJob>,
    /// Back in `queued` because the lease ran out; each needs its message.
    pub rescued: Vec<JobMessage>,
    /// Still waiting, but the message is missing; each needs its message.
    pub redispatched: Vec<JobMessage>,
}

/// Waiting jobs that one sweep looks at in search of passed deadlines, those first that are due the
/// longest. A job whose message comes is ended by the delivery; this is for the others.
const LOOKED_AT: u32 = 2_000;

fn detail(message: &str, retryable: bool) -> Value {
    let detail = ErrorDetail::ours(message, retryable);
    Value::Text(serde_json::to_string(&detail).unwrap_or_default())
}

/// What is added to the error of a job whose deadline passed while it waited.
pub(super) fn past_deadline() -> Value {
    detail(
        "The deadline passed before an attempt succeeded. Replay with a later deadline.",
        false,
    )
}

impl<D: Database> Store<D> {
    /// Finds what was forgotten and moves it, in one transaction: expired leases, passed
    /// deadlines, missing messages. Two sweeps at once share the rows between them.
    ///
    /// # Errors
    /// [`DatabaseError`]: the next sweep finds the same rows, or what is left of them.
    pub async fn sweep(&self, now: Instant, limits: SweepLimits) -> Result<Swept, DatabaseError> {
        let rows: Value = limits.rows.into();
        let poison = detail(
            "The job's run stopped without a word three times. \
             Look at the attempts for what they share, then replay.",
            false,
        );
        let lease = detail(
            "The job's run stopped without a word. The job runs again.",
            true,
        );
        let mut results = self
            .batch(vec![
                Statement::new(
                    include_str!("../../sql/sweep_poison.sql"),
                    vec![now.into(), MAX_RESCUES.into(), rows.clone(), poison],
                ),
                Statement::new(
                    include_str!("../../sql/sweep_rescue.sql"),
                    vec![now.into(), MAX_RESCUES.into(), rows.clone(), lease],
                ),
                Statement::new(
                    include_str!("../../sql/sweep_deadline.sql"),
                    vec![now.into(), rows.clone(), past_deadline(), LOOKED_AT.into()],
                ),
                Statement::new(
                    include_str!("../../sql/sweep_redispatch.sql"),
                    vec![now.into(), limits.overdue.into(), rows],
                ),
            ])
            .await?;
        let mut dead_lettered: Vec<SweptJob> = results.next()?.decode()?;
        let rescued = results
            .next()?
            .decode::<Pair>()?
            .into_iter()
            .map(Into::into)
            .collect();
        dead_lettered.extend(results.next()?.decode::<SweptJob>()?);
        let redispatched = results
            .next()?
            .decode::<Pair>()?
            .into_iter()
            .map(Into::into)
            .collect();
        Ok(Swept {
            dead_lettered,
            rescued,
            redispatched,
        })
    }
}
