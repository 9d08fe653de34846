//! Submit: the use case that accepts a job.

use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::idempotency::Idempotency;
use crate::ids::{JobId, TenantId};
use crate::job::Kind;
use crate::message::JobMessage;
use crate::ports::Ports;
use crate::queue::{Queue, log_send_failed};
use crate::repeat::repeat;
use crate::request::GenerateRequest;
use crate::store::NewJob;

/// What became of a request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It made this job.
    New(JobId),
    /// An earlier request with the same key and body made this job.
    Repeated(JobId),
    /// An earlier request has the key, and asked for something else.
    KeyReused,
}

/// Accepts a `generate` job. With the id in hand, the job is owed.
///
/// 1. The row is inserted in `queued`. A repeat after a lost answer changes nothing: the id is
///    fresh for each call.
/// 2. The message is sent. Whether that works is not the caller's concern: the row is the
///    promise, and the sweep sends again what was not taken.
///
/// # Errors
/// [`DatabaseError`]: nothing is promised and nothing was sent. The row may be there all the
/// same, when only the database's answer was lost; then the job runs, and nobody was told its id.
pub async fn submit_generate<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    request: &GenerateRequest,
) -> Result<JobId, DatabaseError> {
    let now = ports.clock().now();
    let job = new_job(tenant, JobId::new(now, ports.entropy()), now, request)?;
    repeat(ports.clock(), || ports.store().insert_job(&job)).await?;
    send(ports, tenant, &job.id).await;
    Ok(job.id)
}

/// Accepts a `generate` job once for an idempotency key, however often and by however many callers
/// at a time it is asked for.
///
/// 1. In one transaction: a key that was kept for its time is given up, the row is inserted in
///    `queued` unless another has the key, and the job that has the key is read. A repeat after a
///    lost answer finds the row of the first try.
/// 2. The message is sent for a new job, as by [`submit_generate`]. For a repeated request nothing
///    is sent: that was done, or the sweep will do it.
///
/// # Errors
/// [`DatabaseError`], as of [`submit_generate`]; but asked again with the same key, it gives the
/// job that was made.
pub async fn submit_generate_once<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    request: &GenerateRequest,
    idempotency: &Idempotency,
) -> Result<Submitted, DatabaseError> {
    let now = ports.clock().now();
    let job = new_job(tenant, JobId::new(now, ports.entropy()), now, request)?;
    let holder = repeat(ports.clock(), || {
        ports.store().insert_job_once(&job, idempotency)
    })
    .await?;
    if holder.id == job.id {
        send(ports, tenant, &job.id).await;
        Ok(Submitted::New(job.id))
    } else if holder.request_hash == idempotency.request_hash {
        Ok(Submitted::Repeated(holder.id))
    } else {
        Ok(Submitted::KeyReused)
    }
}

/// Sends the message of a job that waits. When it is not taken, the sweep sends it again.
pub(crate) async fn send<P: Ports>(ports: &P, tenant: &TenantId, job: &JobId) {
    let message = JobMessage {
        tenant_id: tenant.clone(),
        job_id: job.clone(),
    };
    if let Err(error) = ports.jobs().send(vec![message.encode()], 0).await {
        log_send_failed(ports, "jobs", 1, &error);
    }
}

fn new_job(
    tenant: &TenantId,
    id: JobId,
    now: Instant,
    request: &GenerateRequest,
) -> Result<NewJob, DatabaseError> {
    Ok(NewJob {
        tenant_id: tenant.clone(),
        id,
        kind: Kind::Generate,
        max_attempts: u32::from(request.max_attempts),
        created_at: now,
        deadline_seconds: request.deadline_seconds,
        model: request
            .input
            .providers
            .first()
            .map(|target| target.model.clone()),
        ref_type: request.ref_type.clone(),
        ref_id: request.ref_id.clone(),
        metadata: request.metadata.clone(),
        request: serde_json::to_string(&request.input)
            .map_err(|error| DatabaseError::Corrupt(error.to_string()))?,
    })
}
