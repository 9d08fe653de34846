//! After the attempts: commit them, then cache, tell the dead-letter queue, and acknowledge.

use super::delivery::seconds_until;
use super::{Disposition, log_database_error, retry_delay_seconds};
use crate::clock::Clock;
use crate::database::DatabaseError;
use crate::document::JobDocument;
use crate::job::JobRecord;
use crate::log::{Event, Log};
use crate::message::{DeadLetterMessage, JobMessage};
use crate::ports::Ports;
use crate::queue::Queue;
use crate::status_cache;
use crate::store::{Commit, Settlement};
use futures_util::future;
use std::time::Duration;

/// Commits tried in place, over 12 seconds, before the answers are given up: to run the jobs again
/// costs a whole lease and may be paid again. The margin of the lease covers it.
const COMMIT_TRIES: u32 = 5;

/// Commits attempts that ended together and says what is to become of their messages.
///
/// When the database refuses the batch, each is committed alone, so that one that cannot be
/// stored does not keep its neighbours from being.
pub(super) async fn commit<P: Ports>(
    ports: &P,
    commits: Vec<Commit>,
) -> Vec<(JobMessage, Disposition)> {
    match commit_with_retries(ports, &commits).await {
        Ok(records) => {
            let settled = commits.iter().zip(records);
            future::join_all(settled.map(|(commit, record)| after(ports, commit, record))).await
        }
        Err(DatabaseError::Corrupt(_) | DatabaseError::Other(_)) if commits.len() > 1 => {
            let mut settled = Vec::with_capacity(commits.len());
            for commit in &commits {
                settled.push(commit_alone(ports, commit).await);
            }
            settled
        }
        Err(error) => commits
            .iter()
            .map(|commit| (message(commit), not_committed(ports, &error)))
            .collect(),
    }
}

async fn commit_alone<P: Ports>(ports: &P, commit: &Commit) -> (JobMessage, Disposition) {
    match commit_with_retries(ports, std::slice::from_ref(commit)).await {
        Ok(mut records) => after(ports, commit, records.pop().flatten()).await,
        Err(error) => (message(commit), not_committed(ports, &error)),
    }
}

/// Without a commit nothing is acknowledged. The job stays leased, and runs again after that.
fn not_committed(ports: &impl Ports, error: &DatabaseError) -> Disposition {
    log_database_error(ports, "commit_failed", error);
    Disposition::Retry {
        delay_seconds: retry_delay_seconds(error),
    }
}

fn message(commit: &Commit) -> JobMessage {
    JobMessage {
        tenant_id: commit.tenant_id.clone(),
        job_id: commit.job_id.clone(),
    }
}

async fn commit_with_retries<P: Ports>(
    ports: &P,
    commits: &[Commit],
) -> Result<Vec<Option<JobRecord>>, DatabaseError> {
    let mut tries = 1;
    loop {
        match ports.store().commit(commits).await {
            Err(DatabaseError::Transient(_) | DatabaseError::Overloaded(_))
                if tries < COMMIT_TRIES =>
            {
                ports
                    .clock()
                    .sleep(Duration::from_millis(100) * 3_u32.pow(tries))
                    .await;
                tries += 1;
            }
            result => return result,
        }
    }
}

/// What follows a commit, by whether its fence held.
async fn after<P: Ports>(
    ports: &P,
    commit: &Commit,
    record: Option<JobRecord>,
) -> (JobMessage, Disposition) {
    (message(commit), follow(ports, commit, record).await)
}

async fn follow<P: Ports>(ports: &P, commit: &Commit, record: Option<JobRecord>) -> Disposition {
    log_attempt(ports, commit, record.is_some());
    let Some(record) = record else {
        return Disposition::Acknowledge;
    };
    match &commit.settlement {
        Settlement::Succeeded(_) | Settlement::Failed { .. } => {
            let document = JobDocument::from(record);
            status_cache::remember(ports, &commit.tenant_id, &document).await;
            Disposition::Acknowledge
        }
        Settlement::DeadLettered { code, .. } => {
            let letter = DeadLetterMessage {
                tenant_id: commit.tenant_id.clone(),
                job_id: commit.job_id.clone(),
                attempt: commit.attempt,
                code: *code,
            };
            tell_dead_letters(ports, vec![letter]).await;
            Disposition::Acknowledge
        }
        Settlement::RetryScheduled { due_at, .. } => {
            let delay_seconds = seconds_until(Some(*due_at), ports.clock().now());
            Disposition::Retry { delay_seconds }
        }
    }
}

/// Sends word of dead letters. The rows are the truth: what is not sent is only logged.
pub(crate) async fn tell_dead_letters<P: Ports>(ports: &P, letters: Vec<DeadLetterMessage>) {
    let bodies = letters.iter().map(DeadLetterMessage::encode).collect();
    if let Err(error) = ports.dead_letters().send(bodies).await {
        ports.log().write(
            Event::new("send_failed")
                .with("queue", "dead_letters")
                .with("messages", letters.len())
                .with("error.message", error.to_string()),
        );
    }
}

fn log_attempt(ports: &impl Ports, commit: &Commit, held: bool) {
    let (state, code) = match &commit.settlement {
        Settlement::Succeeded(_) => ("succeeded", None),
        Settlement::RetryScheduled { code, .. } => ("retry_scheduled", Some(*code)),
        Settlement::Failed { code, .. } => ("failed", Some(*code)),
        Settlement::DeadLettered { code, .. } => ("dead_lettered", Some(*code)),
    };
    let started_at = commit
        .attempts
        .last()
        .map_or(commit.finished_at, |record| record.started_at_ms);
    ports.log().write(
        Event::new(if held { "attempt" } else { "fenced" })
            .with("job.id", commit.job_id.as_str())
            .with("tenant.id", commit.tenant_id.as_str())
            .with("attempt", commit.attempt)
            .with("state", state)
            .with("error.code", code.map(crate::error_code::ErrorCode::as_str))
            .with(
                "provider.status",
                commit
                    .attempts
                    .last()
                    .and_then(|record| record.provider_status),
            )
            .with("duration_ms", commit.finished_at.millis_since(started_at)),
    );
}
