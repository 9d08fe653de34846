//! Run: from a delivery of the job queue to the commit, and to one acknowledgement a message.
//!
//! The effects of a delivery, in order, and why each may be repeated:
//!
//! 1. *record* what cannot be decoded: keyed by the message's id, the first record stays.
//! 2. *claim* every job of the delivery in one batch: a repeat gives the same claims, and nobody
//!    else gets a job that is leased. A job that was rescued before is claimed by itself, when
//!    all others of the delivery are committed: if it takes down its run, it takes none along.
//! 3. *call* the provider, at most [`CONCURRENT_CALLS`] at a time: may happen twice for one job,
//!    when a run dies between call and commit; the fence lets one answer through. Nobody is called
//!    while the [circuit](crate::circuit) is open: the job is put off, and that is committed.
//! 4. *commit* the attempts that ended together in one batch, each behind its fence: a repeat
//!    changes zero rows.
//! 5. *cache* the document of an immutable state: the same text under the same key.
//! 6. *tell* the dead-letter queue: its consumer only logs.
//! 7. *acknowledge*, or ask for redelivery: whatever happened before, the row decides.

mod answer;
mod attempt;
mod call;
mod cases;
mod chain;
mod delivery;
mod ended;
mod past;
mod plan;
mod settle;

pub use delivery::{Delivered, Disposition};

pub(crate) use delivery::record_undecodable;

use crate::circuit::CircuitMemory;
use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::ids::DeliveryId;
use crate::job::ClaimedJob;
use crate::log::{Event, Log};
use crate::message::JobMessage;
use crate::ports::Ports;
use crate::provider::{Providers, Transport};
use crate::queue::Lane;
use crate::repeat::repeat;
use crate::store::{CIRCUITS_LIMIT, ClaimTerms, Claims};
use delivery::{Board, Unclaimed};
use futures_util::{StreamExt, future, stream};
use std::time::Duration;

/// Provider calls at a time in one delivery: the platform gives an invocation six connections.
pub const CONCURRENT_CALLS: usize = 5;

/// Commits at a time in one delivery: while one writes to the cache, the next reaches the database.
const CONCURRENT_COMMITS: usize = 2;

/// Redeliveries of a message whose job is not known, before it counts as a ghost.
const GHOST_DELIVERIES: u32 = 3;

/// What is claimed has to end so long after the delivery began: an invocation may last 15 minutes,
/// and the commit takes time as well.
const LONGEST_DELIVERY: Duration = Duration::from_mins(14);

/// How the consumer runs jobs.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Whom to ask.
    pub providers: Providers,
    /// The longest the calls of an attempt may take in all, headers and bodies.
    pub attempt_timeout: Duration,
    /// What a lease lasts beyond the calls: claim, queueing and commit.
    pub lease_margin: Duration,
}

impl RunSettings {
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
        now.plus(lease)
    }
}

/// Runs the jobs of one delivery of a lane's queue and says what is to become of each message.
///
/// `circuits` is what the isolate knows of the circuits, and outlives the delivery.
/// Answers one [`Disposition`] a message, in order. Never fails: what goes wrong is logged and
/// ends in a redelivery.
pub async fn run_delivery<P: Ports, T: Transport>(
    ports: &P,
    transport: &T,
    settings: &RunSettings,
    circuits: &CircuitMemory,
    lane: Lane,
    messages: &[Delivered],
) -> Vec<Disposition> {
    let started_at = ports.clock().now();
    let delivery = DeliveryId::new(started_at, ports.entropy());
    let run = Run {
        ports,
        transport,
        settings,
        circuits,
        delivery: &delivery,
    };
    let mut board = Board::new(messages);
    delivery::record_all_undecodable(ports, &mut board).await;
    let wanted = board.jobs();
    if !wanted.is_empty() {
        let suspects = run.together(&mut board, &wanted).await;
        for suspect in &suspects {
            let elapsed = ports.clock().now().duration_since(started_at);
            if elapsed + settings.attempt_timeout > LONGEST_DELIVERY {
                break;
            }
            run.alone(&mut board, suspect).await;
        }
    }
    delivery::renew_worn_out(ports, lane, &mut board).await;
    board.into_dispositions()
}

/// What the steps of one delivery share.
struct Run<'a, P, T> {
    ports: &'a P,
    transport: &'a T,
    settings: &'a RunSettings,
    circuits: &'a CircuitMemory,
    delivery: &'a DeliveryId,
}

impl<P: Ports, T: Transport> Run<'_, P, T> {
    /// Runs what may run side by side, and answers the jobs that have to run alone, each after
    /// everything else of the delivery is committed: those that were rescued before.
    async fn together(&self, board: &mut Board<'_>, wanted: &[JobMessage]) -> Vec<JobMessage> {
        let Some(claims) = self.claim(board, wanted, wanted.len() == 1).await else {
            return Vec::new();
        };
        let now = self.ports.clock().now();
        let mut suspects = Vec::new();
        let mut late = Vec::new();
        for message in wanted.iter().filter(|message| !claims.got(message)) {
            match Unclaimed::of(claims.standing(message), now) {
                Unclaimed::Suspect => suspects.push(message.clone()),
                Unclaimed::Late => late.push(message.clone()),
                unclaimed @ (Unclaimed::Unknown
                | Unclaimed::Early(_)
                | Unclaimed::Leased(_)
                | Unclaimed::Over) => board.settle_unclaimed(self.ports, message, unclaimed, now),
            }
        }
        delivery::expire(self.ports, board, &late).await;
        self.run_claimed(board, &claims.claimed).await;
        suspects
    }

    /// Claims and runs one job by itself.
    async fn alone(&self, board: &mut Board<'_>, job: &JobMessage) {
        let Some(claims) = self.claim(board, std::slice::from_ref(job), true).await else {
            return;
        };
        let now = self.ports.clock().now();
        if claims.got(job) {
            self.run_claimed(board, &claims.claimed).await;
        } else {
            board.settle_unclaimed(
                self.ports,
                job,
                Unclaimed::of(claims.standing(job), now),
                now,
            );
        }
    }

    /// Claims, and asks again when the answer was lost: the token gives the same claims. `None`
    /// when the database does not answer; then everything not decided comes again.
    async fn claim(
        &self,
        board: &mut Board<'_>,
        wanted: &[JobMessage],
        rescued_too: bool,
    ) -> Option<Claims> {
        let asked_at = self.ports.clock().now();
        let claim = || async {
            let now = self.ports.clock().now();
            let terms = ClaimTerms {
                delivery: self.delivery,
                now,
                lease_until: self.settings.lease_until(now, wanted.len()),
                rescued_too,
            };
            self.ports.store().claim(wanted, &terms).await
        };
        match repeat(self.ports.clock(), claim).await {
            Ok(claims) => {
                for error in &claims.unreadable {
                    log_database_error(self.ports, "unreadable_job", error);
                }
                let is_complete = claims.circuits.len() < CIRCUITS_LIMIT;
                self.circuits.learn(asked_at, &claims.circuits, is_complete);
                Some(claims)
            }
            Err(error) => {
                log_database_error(self.ports, "claim_failed", &error);
                board.retry_rest(|deliveries| retry_delay_seconds(&error, deliveries));
                None
            }
        }
    }

    /// Calls and commits side by side: what ends while commits are under way is in the next one.
    async fn run_claimed(&self, board: &mut Board<'_>, claimed: &[ClaimedJob]) {
        let (sender, receiver) = futures_channel::mpsc::unbounded();
        let calls = async move {
            let sender = &sender;
            stream::iter(claimed)
                .for_each_concurrent(CONCURRENT_CALLS, |job| async move {
                    let finished = attempt::run(self, job).await;
                    // The receiver lives until the sender is dropped, so the send cannot fail.
                    drop(sender.unbounded_send(finished));
                })
                .await;
        };
        let commits = receiver
            .ready_chunks(claimed.len().max(1))
            .map(|finished| settle::commit(self.ports, finished))
            .buffer_unordered(CONCURRENT_COMMITS)
            .concat();
        let ((), dispositions) = future::join(calls, commits).await;
        for (message, disposition) in dispositions {
            board.settle(&message, disposition);
        }
    }
}

/// Seconds until a message whose batch failed is delivered again: longer when D1 is overloaded, and
/// twice as long with each delivery, up to five minutes.
pub(crate) fn retry_delay_seconds(error: &DatabaseError, deliveries: u32) -> u32 {
    const LONGEST: u32 = 300;
    let first: u32 = match error {
        DatabaseError::Transient(_) => 5,
        DatabaseError::Overloaded(_) => 30,
        DatabaseError::Corrupt(_) | DatabaseError::Other(_) => 60,
    };
    let doublings = deliveries.saturating_sub(1).min(8);
    first.saturating_mul(1 << doublings).min(LONGEST)
}

fn log_database_error(ports: &impl Ports, event: &'static str, error: &DatabaseError) {
    ports.log().write(
        Event::new(event)
            .with("error.code", error.code())
            .with("error.message", error.to_string()),
    );
}
