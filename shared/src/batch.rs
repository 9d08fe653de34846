//! Batches: many jobs submitted as one.
//!
//! An upload is cut into lines and judged while it arrives ([`intake`]), and stored as a file. Its
//! lines become jobs step by step (`step`), at the pace at which jobs end.

pub mod compatible;
pub mod intake;
pub mod line;
pub mod results;
pub mod splitter;
pub mod step;
pub(crate) mod stored;
pub mod unreadable;

use crate::audit::{Actor, Deed};
use crate::clock::Clock;
use crate::database::DatabaseError;
use crate::ids::{BatchId, TenantId};
use crate::message::{Task, TaskMessage};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::store::{BatchRecord, BatchStatus};
use crate::task;

/// What became of the wish to cancel a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum CancelledBatch {
    /// No more of its lines become jobs, and those that wait are not run.
    Done(Box<BatchRecord>),
    /// It has ended, or its files are written.
    NotPossible(BatchStatus),
    /// The tenant has no such batch.
    Unknown,
}

/// Cancels a batch, for `actor`: no more of its lines become jobs. The step that follows cancels the jobs that
/// wait; those that run have been paid for, and go on to their end.
///
/// # Errors
/// [`DatabaseError`]: it may be cancelled. Repeating is safe.
pub async fn cancel<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    batch: &BatchId,
    actor: Actor,
) -> Result<CancelledBatch, DatabaseError> {
    let now = ports.clock().now();
    let store = ports.store();
    let deed = Deed::new(now, ports.entropy(), actor);
    let cancel = || store.cancel_batch(tenant, batch, now, &deed);
    let is_new = repeat(ports.clock(), cancel).await?;
    let found = repeat(ports.clock(), || store.find_batch(tenant, batch)).await?;
    let Some(record) = found else {
        return Ok(CancelledBatch::Unknown);
    };
    if is_new {
        let message = TaskMessage {
            tenant_id: tenant.clone(),
            task: Task::Batch(batch.clone()),
        };
        task::send(ports, &message, now).await;
    }
    Ok(match record.status {
        BatchStatus::Cancelling | BatchStatus::Cancelled => CancelledBatch::Done(Box::new(record)),
        status @ (BatchStatus::Validating
        | BatchStatus::InProgress
        | BatchStatus::Finalizing
        | BatchStatus::Completed
        | BatchStatus::Failed
        | BatchStatus::Expired) => CancelledBatch::NotPossible(status),
    })
}
