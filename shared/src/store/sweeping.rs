//! What the sweep finds and moves: four statements, each bounded, in one batch.

use super::{MAX_RESCUES, Store};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::error_code::ErrorCode;
use crate::ids::{JobId, TenantId};
use crate::job::ErrorDetail;
use crate::message::JobMessage;
use serde::Deserialize;

/// How much one sweep does, and how long it waits before it calls a message lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepLimits {
    /// Rows each statement moves at most.
    pub rows: u32,
    /// Seconds a job may be due before its message counts as lost.
    pub grace_seconds: u32,
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

fn detail(message: &str, retryable: bool) -> Value {
    let detail = ErrorDetail {
        message: message.to_owned(),
        retryable,
        provider: None,
        provider_status: None,
        excerpt: None,
    };
    Value::Text(serde_json::to_string(&detail).unwrap_or_default())
}

impl<D: Database> Store<D> {
    /// Finds what was forgotten and moves it, in one transaction: expired leases, passed
    /// deadlines, missing messages. Two sweeps at once share the rows between them.
    ///
    /// # Errors
    /// [`DatabaseError`]: the next sweep finds the same rows, or what is left of them.
    pub async fn sweep(&self, now: Instant, limits: SweepLimits) -> Result<Swept, DatabaseError> {
        let rows: Value = limits.rows.into();
        let overdue = now.plus_seconds(-i64::from(limits.grace_seconds));
        let poison = detail(
            "The job's run stopped without a word three times. \
             Look at the attempts for what they share, then replay.",
            false,
        );
        let lease = detail(
            "The job's run stopped without a word. The job runs again.",
            true,
        );
        let deadline = detail(
            "The deadline passed before an attempt succeeded. Replay with a later deadline.",
            false,
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
                    vec![now.into(), rows.clone(), deadline],
                ),
                Statement::new(
                    include_str!("../../sql/sweep_redispatch.sql"),
                    vec![now.into(), overdue.into(), rows],
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
