//! Submit: the use case that accepts a job.

use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::idempotency::Idempotency;
use crate::ids::{JobId, TenantId};
use crate::job::Kind;
use crate::message::JobMessage;
use crate::ports::Ports;
use crate::queue::{Lane, Queue, log_send_failed};
use crate::repeat::repeat;
use crate::request::{ExecuteRequest, ExecuteTestsRequest, GenerateRequest, Submission};
use crate::store::NewJob;

/// A request that can become a job, of whatever kind.
pub trait JobRequest {
    /// What is to be done.
    const KIND: Kind;

    /// The model asked for, or the language of a program.
    fn model(&self) -> Option<&str>;

    /// What the consumer reads, as JSON.
    ///
    /// # Errors
    /// It has no JSON form.
    fn stored(&self) -> Result<String, serde_json::Error>;

    /// What else is said about the job.
    fn submission(&self) -> &Submission;
}

impl JobRequest for GenerateRequest {
    const KIND: Kind = Kind::Generate;

    fn model(&self) -> Option<&str> {
        let first = self.input.providers.first();
        first.map(|target| target.model.as_str())
    }

    fn stored(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.input)
    }

    fn submission(&self) -> &Submission {
        &self.submission
    }
}

impl JobRequest for ExecuteRequest {
    const KIND: Kind = Kind::Execute;

    fn model(&self) -> Option<&str> {
        Some(&self.input.language)
    }

    fn stored(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.input)
    }

    fn submission(&self) -> &Submission {
        &self.submission
    }
}

impl JobRequest for ExecuteTestsRequest {
    const KIND: Kind = Kind::ExecuteTests;

    fn model(&self) -> Option<&str> {
        Some(&self.input.language)
    }

    fn stored(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.input)
    }

    fn submission(&self) -> &Submission {
        &self.submission
    }
}

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

/// Accepts a job. With the id in hand, the job is owed.
///
/// 1. The row is inserted in `queued`. A repeat after a lost answer changes nothing: the id is
///    fresh for each call.
/// 2. The message is sent. Whether that works is not the caller's concern: the row is the
///    promise, and the sweep sends again what was not taken.
///
/// # Errors
/// [`DatabaseError`]: nothing is promised and nothing was sent. The row may be there all the
/// same, when only the database's answer was lost; then the job runs, and nobody was told its id.
pub async fn submit<P: Ports, R: JobRequest>(
    ports: &P,
    tenant: &TenantId,
    request: &R,
) -> Result<JobId, DatabaseError> {
    let now = ports.clock().now();
    let job = new_job(tenant, JobId::new(now, ports.entropy()), now, request)?;
    repeat(ports.clock(), || ports.store().insert_job(&job)).await?;
    send(ports, tenant, &job.id).await;
    Ok(job.id)
}

/// Accepts a job once for an idempotency key, however often and by however many callers at a time
/// it is asked for. A key holds among the jobs of one kind.
///
/// 1. In one transaction: a key that was kept for its time is given up, the row is inserted in
///    `queued` unless another has the key, and the job that has the key is read. A repeat after a
///    lost answer finds the row of the first try.
/// 2. The message is sent for a new job, as by [`submit`]. For a repeated request nothing is sent:
///    that was done, or the sweep will do it.
///
/// # Errors
/// [`DatabaseError`], as of [`submit`]; but asked again with the same key, it gives the job that
/// was made.
pub async fn submit_once<P: Ports, R: JobRequest>(
    ports: &P,
    tenant: &TenantId,
    request: &R,
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

/// The job that an earlier request made, with this key and asking for the same. A client that lost
/// the answer gets it again, even if such a request would be refused by now.
///
/// # Errors
/// [`DatabaseError`].
pub async fn submitted<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    kind: Kind,
    idempotency: &Idempotency,
) -> Result<Option<JobId>, DatabaseError> {
    let now = ports.clock().now();
    let find = || ports.store().submitted(tenant, kind, &idempotency.key, now);
    let holder = repeat(ports.clock(), find).await?;
    let same = holder.filter(|holder| holder.request_hash == idempotency.request_hash);
    Ok(same.map(|holder| holder.id))
}

/// Sends the message of a job that waits. When it is not taken, the sweep sends it again.
pub(crate) async fn send<P: Ports>(ports: &P, tenant: &TenantId, job: &JobId) {
    send_all(ports, Lane::Single, tenant, [job]).await;
}

/// Sends the messages of a tenant's jobs that wait, by the queue of a lane. Those that are not taken,
/// the sweep sends again.
pub(crate) async fn send_all<'a, P: Ports>(
    ports: &P,
    lane: Lane,
    tenant: &TenantId,
    jobs: impl IntoIterator<Item = &'a JobId>,
) {
    let encode = |job: &JobId| {
        let message = JobMessage {
            tenant_id: tenant.clone(),
            job_id: job.clone(),
        };
        message.encode()
    };
    let bodies: Vec<String> = jobs.into_iter().map(encode).collect();
    let count = bodies.len();
    if count == 0 {
        return;
    }
    if let Err(error) = ports.jobs(lane).send(bodies, 0).await {
        log_send_failed(ports, lane.as_str(), count, &error);
    }
}

fn new_job<R: JobRequest>(
    tenant: &TenantId,
    id: JobId,
    now: Instant,
    request: &R,
) -> Result<NewJob, DatabaseError> {
    let submission = request.submission();
    Ok(NewJob {
        tenant_id: tenant.clone(),
        id,
        kind: R::KIND,
        max_attempts: u32::from(submission.max_attempts),
        created_at: now,
        deadline_seconds: submission.deadline_seconds,
        model: request.model().map(str::to_owned),
        ref_type: submission.ref_type.clone(),
        ref_id: submission.ref_id.clone(),
        metadata: submission.metadata.clone(),
        request: request
            .stored()
            .map_err(|error| DatabaseError::Corrupt(error.to_string()))?,
    })
}
