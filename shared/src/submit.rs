//! Submit: the use case that accepts a job.

use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::ids::{JobId, TenantId};
use crate::job::Kind;
use crate::message::JobMessage;
use crate::ports::Ports;
use crate::queue::{Queue, log_send_failed};
use crate::repeat::repeat;
use crate::request::GenerateRequest;
use crate::store::NewJob;

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
    send(ports, &job).await;
    Ok(job.id)
}

async fn send<P: Ports>(ports: &P, job: &NewJob) {
    let message = JobMessage {
        tenant_id: job.tenant_id.clone(),
        job_id: job.id.clone(),
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
        model: request.input.model.clone(),
        ref_type: request.ref_type.clone(),
        ref_id: request.ref_id.clone(),
        metadata: request.metadata.clone(),
        request: serde_json::to_string(&request.input)
            .map_err(|error| DatabaseError::Corrupt(error.to_string()))?,
    })
}
