//! Run: from a delivery of the job queue to the commit, and to one acknowledgement a message.
//!
//! The effects of a delivery, in order, and why each may be repeated:
//!
//! 1. *record* what cannot be decoded: keyed by the message's id, the first record stays.
//! 2. *claim* every job of the delivery in one batch: a claimed job is leased and not claimed again.
//! 3. *call* the provider, at most [`CONCURRENT_CALLS`] at a time: may happen twice for one job,
//!    when a run dies between call and commit; the fence lets one answer through.
//! 4. *commit* the attempts that ended together in one batch, each behind its fence: a repeat
//!    changes zero rows.
//! 5. *cache* the document of an immutable state: the same text under the same key.
//! 6. *tell* the dead-letter queue: its consumer only logs.
//! 7. *acknowledge*, or ask for redelivery: whatever happened before, the row decides.

mod attempt;
mod delivery;
mod settle;

pub use delivery::{Delivered, Disposition};

pub(crate) use delivery::record_undecodable;
pub(crate) use settle::tell_dead_letters;

use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::job::{ClaimedJob, JobState};
use crate::log::{Event, Log};
use crate::message::JobMessage;
use crate::ports::Ports;
use crate::provider::{Provider, ProviderSettings, Transport};
use futures_util::{StreamExt, future, stream};
use std::time::Duration;

/// Provider calls at a time in one delivery: the platform gives an invocation six connections.
pub const CONCURRENT_CALLS: usize = 5;

/// Commits at a time in one delivery: while one writes to the cache, the next reaches the database.
const CONCURRENT_COMMITS: usize = 2;

/// Redeliveries of a message whose job is not known, before it counts as a ghost.
const GHOST_DELIVERIES: u32 = 3;

/// How the consumer runs jobs.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Whom to ask.
    pub provider: ProviderSettings,
    /// The longest a provider call may take in all, headers and body.
    pub attempt_timeout: Duration,
    /// What a lease lasts beyond the calls: claim, queueing and commit.
    pub lease_margin: Duration,
}

impl RunSettings {
    /// The provider's name in results, errors and history.
    #[must_use]
    pub fn provider_name(&self) -> &'static str {
        self.provider
            .provider()
            .unwrap_or(Provider::OpenAi)
            .as_str()
    }

    /// When the leases of a delivery of `jobs` jobs run out, claimed at `now`.
    ///
    /// The last job of a delivery may wait for the calls of those before it, so the lease covers
    /// one call time for each round of [`CONCURRENT_CALLS`], and the margin.
    #[must_use]
    pub fn lease_until(&self, now: Instant, jobs: usize) -> Instant {
        let rounds = u32::try_from(jobs.div_ceil(CONCURRENT_CALLS).max(1)).unwrap_or(u32::MAX);
        let lease = self
            .attempt_timeout
            .saturating_mul(rounds)
            .saturating_add(self.lease_margin);
        now.plus_millis(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Runs the jobs of one delivery of the job queue and says what is to become of each message.
///
/// Answers one [`Disposition`] a message, in order. Never fails: what goes wrong is logged and
/// ends in a redelivery.
pub async fn run_delivery<P: Ports, T: Transport>(
    ports: &P,
    transport: &T,
    settings: &RunSettings,
    messages: &[Delivered],
) -> Vec<Disposition> {
    let mut board = delivery::Board::new(messages);
    delivery::record_all_undecodable(ports, &mut board).await;
    let wanted = board.jobs();
    if wanted.is_empty() {
        return board.into_dispositions();
    }
    let now = ports.clock().now();
    let claims = match ports
        .store()
        .claim(&wanted, now, settings.lease_until(now, wanted.len()))
        .await
    {
        Ok(claims) => claims,
        Err(error) => {
            log_database_error(ports, "claim_failed", &error);
            board.retry_rest(retry_delay_seconds(&error));
            return board.into_dispositions();
        }
    };
    for error in &claims.unreadable {
        log_database_error(ports, "unreadable_job", error);
    }
    for message in &wanted {
        if !claims
            .claimed
            .iter()
            .any(|job| job.id == message.job_id && job.tenant_id == message.tenant_id)
        {
            let standing = claims.standings.iter().find(|standing| {
                standing.id == message.job_id && standing.tenant_id == message.tenant_id
            });
            board.settle_unclaimed(ports, message, standing, now);
        }
    }
    for (message, disposition) in run_claimed(ports, transport, settings, &claims.claimed).await {
        board.settle(&message, disposition);
    }
    board.into_dispositions()
}

/// Calls and commits side by side: what ends while commits are under way is in the next one.
async fn run_claimed<P: Ports, T: Transport>(
    ports: &P,
    transport: &T,
    settings: &RunSettings,
    claimed: &[ClaimedJob],
) -> Vec<(JobMessage, Disposition)> {
    let (sender, receiver) = futures_channel::mpsc::unbounded();
    let calls = async move {
        let sender = &sender;
        stream::iter(claimed)
            .for_each_concurrent(CONCURRENT_CALLS, |job| async move {
                let finished = attempt::run(ports, transport, settings, job).await;
                // The receiver lives until the sender is dropped, so the send cannot fail.
                drop(sender.unbounded_send(finished));
            })
            .await;
    };
    let commits = receiver
        .ready_chunks(claimed.len().max(1))
        .map(|finished| settle::commit(ports, finished))
        .buffer_unordered(CONCURRENT_COMMITS)
        .concat();
    let ((), dispositions) = future::join(calls, commits).await;
    dispositions
}

/// Seconds until a message whose batch failed is delivered again: longer when D1 is overloaded.
const fn retry_delay_seconds(error: &DatabaseError) -> u32 {
    match error {
        DatabaseError::Transient(_) => 5,
        DatabaseError::Overloaded(_) => 30,
        DatabaseError::Corrupt(_) | DatabaseError::Other(_) => 60,
    }
}

fn log_database_error(ports: &impl Ports, event: &'static str, error: &DatabaseError) {
    ports.log().write(
        Event::new(event)
            .with("error.code", error.code())
            .with("error.message", error.to_string()),
    );
}

const fn is_waiting(state: JobState) -> bool {
    match state {
        JobState::Queued | JobState::RetryScheduled => true,
        JobState::Running
        | JobState::Succeeded
        | JobState::Failed
        | JobState::DeadLettered
        | JobState::Cancelled => false,
    }
}
