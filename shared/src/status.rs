//! Status: the use case that tells where a job stands.

use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::document::JobDocument;
use crate::ids::{JobId, TenantId};
use crate::job::{JobRecord, JobState};
use crate::log::{Event, Log};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::status_cache::{StatusCache, key};
use std::time::Duration;

/// The longest that a caller may wait for a job to end.
pub const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// The pause before a waiting caller's second look; each pause after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause advised to a client between two polls, in seconds.
const LONGEST_POLL_SECONDS: i64 = 60;

/// A job document as text, and when to ask again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The [`JobDocument`] as JSON.
    pub text: String,
    /// Seconds after which the answer may be another one; `None` when the job is terminal.
    pub poll_after_seconds: Option<i64>,
}

/// Where the job stands, or `None` when the tenant has no such job.
///
/// 1. The cache is asked. It holds only what can never change, under a key that begins with the
///    tenant, so a hit is the answer. A miss or a failure is not.
/// 2. The database is asked, and asked again with growing pauses until the job is terminal or
///    the caller has waited for `wait`, at most [`LONGEST_WAIT`].
///
/// # Errors
/// [`DatabaseError`] when the database did not answer the first time it was asked; later, what
/// it answered before is the answer.
pub async fn find<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    job: &JobId,
    wait: Duration,
) -> Result<Option<Standing>, DatabaseError> {
    if let Some(text) = cached(ports, tenant, job).await {
        return Ok(Some(Standing {
            text,
            poll_after_seconds: None,
        }));
    }
    let Some(mut record) = look(ports, tenant, job).await? else {
        return Ok(None);
    };
    let wait = i64::try_from(wait.min(LONGEST_WAIT).as_millis()).unwrap_or_default();
    let until = ports.clock().now().plus_millis(wait);
    let mut pause = FIRST_PAUSE;
    while !record.state.is_terminal() {
        let left = u64::try_from(until.millis_since(ports.clock().now())).unwrap_or_default();
        if left == 0 {
            break;
        }
        ports
            .clock()
            .sleep(pause.min(Duration::from_millis(left)))
            .await;
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        match look(ports, tenant, job).await {
            Ok(Some(newer)) => record = newer,
            Ok(None) => break,
            Err(error) => {
                ports.log().write(
                    Event::new("wait_ended_early")
                        .with("job.id", job.as_str())
                        .with("error.code", error.code()),
                );
                break;
            }
        }
    }
    standing(record, ports.clock().now()).map(Some)
}

async fn cached<P: Ports>(ports: &P, tenant: &TenantId, job: &JobId) -> Option<String> {
    match ports.cache().get(&key(tenant, job)).await {
        Ok(found) => found,
        Err(error) => {
            ports.log().write(
                Event::new("status_cache_failed")
                    .with("job.id", job.as_str())
                    .with("error.message", error.0),
            );
            None
        }
    }
}

async fn look<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    job: &JobId,
) -> Result<Option<JobRecord>, DatabaseError> {
    repeat(ports.clock(), || ports.store().job(tenant, job)).await
}

fn standing(record: JobRecord, now: Instant) -> Result<Standing, DatabaseError> {
    let poll_after_seconds = match record.state {
        JobState::Queued | JobState::Running => Some(1),
        JobState::RetryScheduled => {
            let due_in = record.due_at.map_or(0, |due| due.millis_since(now));
            Some((due_in / 1_000 + 1).clamp(1, LONGEST_POLL_SECONDS))
        }
        JobState::Succeeded | JobState::Failed | JobState::DeadLettered | JobState::Cancelled => {
            None
        }
    };
    let document = JobDocument::from(record);
    let text = serde_json::to_string(&document)
        .map_err(|error| DatabaseError::Corrupt(error.to_string()))?;
    Ok(Standing {
        text,
        poll_after_seconds,
    })
}
