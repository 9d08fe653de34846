//! What the sweep finds and moves: a few statements, each bounded, in one batch.

use super::{MAX_RESCUES, Store};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, StatementResult, Value};
use crate::error_code::ErrorCode;
use crate::ids::{JobId, TenantId};
use crate::job::{ErrorDetail, flag};
use crate::message::{DeadLetterMessage, JobMessage, Task, TaskMessage};
use crate::queue::Lane;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// How much one sweep does, and how long it waits before it calls a message lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepLimits {
    /// Rows each statement moves at most.
    pub rows: u32,
    /// A single job that waits and was due at this instant or before has lost its message.
    pub overdue: Instant,
    /// The same of a bulk job.
    pub overdue_bulk: Instant,
    /// A step that was due at this instant or before has lost its message.
    pub overdue_step: Instant,
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
    #[serde(deserialize_with = "flag")]
    bulk: bool,
}

/// A message that a job needs, and its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// By which queue it goes.
    pub lane: Lane,
    /// The message.
    pub message: JobMessage,
}

impl From<Pair> for Needed {
    fn from(pair: Pair) -> Self {
        Self {
            lane: Lane::of(pair.bulk),
            message: JobMessage {
                tenant_id: pair.tenant_id,
                job_id: pair.id,
            },
        }
    }
}

/// What has an overdue step: a batch, or a replay.
#[derive(Deserialize)]
struct StepRow<I> {
    tenant_id: TenantId,
    id: I,
}

fn steps<I: DeserializeOwned>(
    result: StatementResult,
    task: impl Fn(I) -> Task,
) -> Result<impl Iterator<Item = TaskMessage>, DatabaseError> {
    let rows: Vec<StepRow<I>> = result.decode()?;
    Ok(rows.into_iter().map(move |row| TaskMessage {
        tenant_id: row.tenant_id,
        task: task(row.id),
    }))
}

/// Steps that one sweep sends again at most, of batches and of replays.
const STEPS: u32 = 100;

/// What one sweep moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swept {
    /// Dead-lettered: the lease ran out for the last time allowed, or the deadline passed.
    pub dead_lettered: Vec<SweptJob>,
    /// Back in `queued` because the lease ran out; each needs its message.
    pub rescued: Vec<Needed>,
    /// Still waiting, but the message is missing; each needs its message.
    pub redispatched: Vec<Needed>,
    /// Steps whose message is missing.
    pub steps: Vec<TaskMessage>,
}

/// Rows that a statement looks at in search of those it moves, the ones first that are due the
/// longest. However many jobs wait, a sweep reads no more; what it leaves is for the next one.
const LOOKED_AT: u32 = 1_000;

fn text(detail: &ErrorDetail) -> Value {
    // Text, numbers and flags always have a JSON form.
    Value::Text(serde_json::to_string(detail).unwrap_or_default())
}

/// What is added to the error of a job whose deadline passed while it waited.
pub(super) fn past_deadline() -> Value {
    text(&ErrorDetail::ours(
        "The deadline passed before an attempt succeeded. Replay with a later deadline.",
        false,
    ))
}

/// The error of a job whose lease ran out for the last time allowed.
fn poison() -> Value {
    text(&ErrorDetail {
        cause: Some(ErrorCode::LeaseExpired),
        ..ErrorDetail::ours(
            "The job's run stopped without a word three times. \
             Look at the attempts for what they share, then replay.",
            false,
        )
    })
}

/// The error of a job whose lease ran out, and that runs again.
fn lost() -> Value {
    text(&ErrorDetail::ours(
        "The job's run stopped without a word. The job runs again.",
        true,
    ))
}

fn messages(result: StatementResult) -> Result<Vec<Needed>, DatabaseError> {
    let pairs = result.decode::<Pair>()?;
    Ok(pairs.into_iter().map(Into::into).collect())
}

impl<D: Database> Store<D> {
    /// Finds what was forgotten and moves it, in one transaction: expired leases, passed
    /// deadlines, missing messages, overdue steps. Two sweeps at once share the rows between them.
    ///
    /// # Errors
    /// [`DatabaseError`]: the next sweep finds the same rows, or what is left of them.
    pub async fn sweep(&self, now: Instant, limits: SweepLimits) -> Result<Swept, DatabaseError> {
        let rows: Value = limits.rows.into();
        let over = |error: Value| {
            let looked_at = LOOKED_AT.into();
            vec![
                now.into(),
                MAX_RESCUES.into(),
                rows.clone(),
                error,
                looked_at,
            ]
        };
        let late = vec![now.into(), rows.clone(), past_deadline(), LOOKED_AT.into()];
        let missing = vec![
            now.into(),
            limits.overdue.into(),
            rows.clone(),
            limits.overdue_bulk.into(),
        ];
        let overdue = vec![now.into(), limits.overdue_step.into(), STEPS.into()];
        let mut results = self
            .batch(vec![
                Statement::new(include_str!("../../sql/sweep_poison.sql"), over(poison())),
                Statement::new(include_str!("../../sql/sweep_rescue.sql"), over(lost())),
                Statement::new(include_str!("../../sql/sweep_deadline.sql"), late),
                Statement::new(include_str!("../../sql/sweep_redispatch.sql"), missing),
                Statement::new(include_str!("../../sql/sweep_batches.sql"), overdue.clone()),
                Statement::new(include_str!("../../sql/sweep_replays.sql"), overdue),
            ])
            .await?;
        let mut dead_lettered: Vec<SweptJob> = results.next()?.decode()?;
        let rescued = messages(results.next()?)?;
        dead_lettered.extend(results.next()?.decode::<SweptJob>()?);
        let redispatched = messages(results.next()?)?;
        let batches = steps(results.next()?, Task::Batch)?;
        let replays = steps(results.next()?, Task::Replay)?;
        Ok(Swept {
            dead_lettered,
            rescued,
            redispatched,
            steps: batches.chain(replays).collect(),
        })
    }
}
