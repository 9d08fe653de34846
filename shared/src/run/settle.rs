//! After the attempts: commit them, then cache, tell the dead-letter queue, and acknowledge.

use super::delivery::seconds_until;
use super::{Disposition, log_database_error};
use crate::clock::Clock;
use crate::database::DatabaseError;
use crate::dead_letter;
use crate::document::JobDocument;
use crate::job::JobRecord;
use crate::log::{Event, Log};
use crate::message::{DeadLetterMessage, JobMessage};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::status_cache;
use crate::store::{Commit, Settlement};
use futures_util::future;
use std::time::Duration;

/// The pauses between the tries of a commit grow up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A commit is tried until so long before the lease runs out: later the job may be somebody else's.
const BEFORE_LEASE_ENDS_MS: i64 = 2_000;
/// How often a commit is tried that fails in a way nobody knows. It may be the answer that cannot be
/// stored, so that its neighbours wait for nothing; or a passing fault that has a new name.
const STRANGE_TRIES: u32 = 3;
/// The most bytes of answers that are committed together.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// What became of one commit.
enum Committed {
    /// It took effect, and this is the job.
    Held(Box<JobRecord>),
    /// Its fence was closed: nothing was written.
    Fenced,
    /// An earlier try may have taken effect, and the row could not be read.
    Unsure(DatabaseError),
}

/// Commits attempts that ended together and says what is to become of their messages.
///
/// When the database refuses the batch, or the answers are large, each is committed alone, so that
/// one that cannot be stored does not keep its neighbours from being.
pub(super) async fn commit<P: Ports>(
    ports: &P,
    commits: Vec<Commit>,
) -> Vec<(JobMessage, Disposition)> {
    let bytes: usize = commits.iter().map(|commit| commit.settlement.bytes()).sum();
    if commits.len() > 1 && bytes > BATCH_BYTES {
        return each_alone(ports, &commits, false).await;
    }
    match commit_with_retries(ports, &commits, false).await {
        Ok(committed) => {
            let settled = commits.iter().zip(committed);
            future::join_all(settled.map(|(commit, committed)| after(ports, commit, committed)))
                .await
        }
        // The batch may have taken effect all the same, as after any failure.
        Err(DatabaseError::Corrupt(_) | DatabaseError::Other(_)) if commits.len() > 1 => {
            each_alone(ports, &commits, true).await
        }
        Err(error) => commits
            .iter()
            .map(|commit| (message(commit), not_committed(ports, commit, &error)))
            .collect(),
    }
}

/// Commits one after the other; `is_repeat` when they were tried together before.
async fn each_alone<P: Ports>(
    ports: &P,
    commits: &[Commit],
    is_repeat: bool,
) -> Vec<(JobMessage, Disposition)> {
    let mut settled = Vec::with_capacity(commits.len());
    for commit in commits {
        let alone = std::slice::from_ref(commit);
        let disposition = match commit_with_retries(ports, alone, is_repeat).await {
            Ok(mut committed) => {
                let committed = committed.pop().unwrap_or(Committed::Fenced);
                after(ports, commit, committed).await
            }
            Err(error) => (message(commit), not_committed(ports, commit, &error)),
        };
        settled.push(disposition);
    }
    settled
}

/// Without a commit nothing is acknowledged. The job stays leased, and runs again after that.
fn not_committed(ports: &impl Ports, commit: &Commit, error: &DatabaseError) -> Disposition {
    ports.log().write(
        Event::new("commit_failed")
            .with("job.id", commit.job_id.as_str())
            .with("attempt", commit.attempt)
            .with("error.code", error.code())
            .with("error.message", error.to_string()),
    );
    Disposition::Retry {
        delay_seconds: seconds_until(Some(commit.lease_until), ports.clock().now()),
    }
}

fn message(commit: &Commit) -> JobMessage {
    JobMessage {
        tenant_id: commit.tenant_id.clone(),
        job_id: commit.job_id.clone(),
    }
}

/// Commits, and repeats it while the database fails for a moment and the leases last: to give an
/// answer up is to pay for it again. `is_repeat` when they were tried before.
async fn commit_with_retries<P: Ports>(
    ports: &P,
    commits: &[Commit],
    mut is_repeat: bool,
) -> Result<Vec<Committed>, DatabaseError> {
    let lease_until = commits.iter().map(|commit| commit.lease_until).min();
    let mut pause = Duration::from_millis(100);
    let mut strange = 1;
    loop {
        let error = match ports.store().commit(commits).await {
            Ok(records) => return Ok(committed(ports, commits, records, is_repeat).await),
            Err(error @ (DatabaseError::Transient(_) | DatabaseError::Overloaded(_))) => error,
            Err(error @ DatabaseError::Other(_)) if strange < STRANGE_TRIES => {
                strange += 1;
                error
            }
            Err(error) => return Err(error),
        };
        let left = lease_until.map_or(0, |until| until.millis_since(ports.clock().now()));
        if left <= BEFORE_LEASE_ENDS_MS {
            return Err(error);
        }
        ports.clock().sleep(pause).await;
        pause = pause.saturating_mul(3).min(LONGEST_PAUSE);
        is_repeat = true;
    }
}

/// What became of each. After a repeat a closed fence may mean that an earlier try took effect and
/// only its answer was lost: the history tells.
async fn committed<P: Ports>(
    ports: &P,
    commits: &[Commit],
    records: Vec<Option<JobRecord>>,
    is_repeat: bool,
) -> Vec<Committed> {
    let mut fates = Vec::with_capacity(records.len());
    for (commit, record) in commits.iter().zip(records) {
        let fate = match record {
            Some(record) => Committed::Held(Box::new(record)),
            None if is_repeat => read_back(ports, commit).await,
            None => Committed::Fenced,
        };
        fates.push(fate);
    }
    fates
}

async fn read_back<P: Ports>(ports: &P, commit: &Commit) -> Committed {
    let look = || ports.store().job(&commit.tenant_id, &commit.job_id);
    match repeat(ports.clock(), look).await {
        Ok(Some(job)) if commit.left(&job) => Committed::Held(Box::new(job)),
        Ok(_) => Committed::Fenced,
        Err(error) => Committed::Unsure(error),
    }
}

/// What follows a commit, by what became of it.
async fn after<P: Ports>(
    ports: &P,
    commit: &Commit,
    committed: Committed,
) -> (JobMessage, Disposition) {
    let disposition = match committed {
        Committed::Held(record) => {
            log_attempt(ports, commit, true);
            follow(ports, commit, *record).await
        }
        Committed::Fenced => {
            log_attempt(ports, commit, false);
            keep_cost(ports, commit).await;
            Disposition::Acknowledge
        }
        Committed::Unsure(error) => not_committed(ports, commit, &error),
    };
    (message(commit), disposition)
}

async fn follow<P: Ports>(ports: &P, commit: &Commit, record: JobRecord) -> Disposition {
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
            dead_letter::tell(ports, vec![letter]).await;
            Disposition::Acknowledge
        }
        Settlement::RetryScheduled { due_at, .. } => {
            let delay_seconds = seconds_until(Some(*due_at), ports.clock().now());
            Disposition::Retry { delay_seconds }
        }
    }
}

/// An answer was dropped, but it was paid for: the job keeps what it cost. Its document may be
/// cached already, and is put there anew.
async fn keep_cost<P: Ports>(ports: &P, commit: &Commit) {
    if commit.dropped().is_none() {
        return;
    }
    let record = || ports.store().record_dropped_answer(commit);
    match repeat(ports.clock(), record).await {
        Ok(Some(job)) => {
            status_cache::remember(ports, &commit.tenant_id, &JobDocument::from(job)).await;
        }
        Ok(None) => {}
        Err(error) => log_database_error(ports, "dropped_answer_not_recorded", &error),
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
