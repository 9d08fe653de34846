//! Cancel: the use case that stops a job at its owner's wish.

use crate::audit::{Actor, Deed};
use crate::clock::Clock;
use crate::database::DatabaseError;
use crate::document::JobDocument;
use crate::ids::{JobId, TenantId};
use crate::job::{AttemptOutcome, JobState};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::status_cache;

/// What became of the wish.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancelled {
    /// The job is cancelled, by this call or by one before it.
    Done(Box<JobDocument>),
    /// The job is in another state, which a cancellation does not leave.
    NotPossible(JobState),
    /// The tenant has no such job.
    Unknown,
}

/// Cancels the job if it is not terminal, for `actor`.
///
/// 1. The transition, as one conditional statement, with an entry in the audit log. A repeat after a lost answer finds the job
///    cancelled, and the next step tells.
/// 2. The job is read back: it says whether it is cancelled, whoever did it.
/// 3. The document is put into the status cache when this call ended the job, unless a provider is
///    being asked: a document is cached at the end of its job only, so that it is gone from the
///    cache before the job is. Whether that works is not the caller's concern.
///
/// A provider call that is running goes on; its answer meets a closed fence and is dropped. The
/// history says that the attempt was under way, and the run that drops the answer adds what it cost.
///
/// # Errors
/// [`DatabaseError`]: the job may be cancelled or not; repeating is safe.
pub async fn cancel<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    job: &JobId,
    actor: Actor,
) -> Result<Cancelled, DatabaseError> {
    let (clock, store) = (ports.clock(), ports.store());
    let now = clock.now();
    let deed = Deed::new(now, ports.entropy(), actor);
    let cancelled = repeat(clock, || store.cancel(tenant, job, now, Some(&deed))).await?;
    let Some(record) = repeat(clock, || store.job(tenant, job)).await? else {
        return Ok(Cancelled::Unknown);
    };
    let document = JobDocument::from(record);
    match document.status {
        JobState::Cancelled => {
            if cancelled.is_some() && !is_call_under_way(&document) {
                status_cache::remember(ports, tenant, &document).await;
            }
            Ok(Cancelled::Done(Box::new(document)))
        }
        state @ (JobState::Queued
        | JobState::Running
        | JobState::RetryScheduled
        | JobState::Succeeded
        | JobState::Failed
        | JobState::DeadLettered) => Ok(Cancelled::NotPossible(state)),
    }
}

/// Whether the job was cancelled while an attempt ran, so that its cost is still to come.
fn is_call_under_way(document: &JobDocument) -> bool {
    let latest = document.attempts.last();
    latest.is_some_and(|attempt| attempt.outcome == AttemptOutcome::Cancelled)
}
