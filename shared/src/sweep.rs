//! Sweep: finds what was forgotten. Run by the cron every minute; bounded, and safe to run twice.

use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::dead_letter;
use crate::entropy::Entropy;
use crate::log::{Event, Log};
use crate::message::JobMessage;
use crate::ports::Ports;
use crate::queue::{Backlog, Lane, Queue, log_send_failed};
use crate::retention;
use crate::store::{Needed, SweepLimits};
use crate::task;

/// Rows that each statement of one sweep moves at most.
pub const ROWS: u32 = 500;

/// Messages that are sent together, with one delay: what the platform takes in one call.
const SENT_TOGETHER: usize = 100;

/// However long the queue's backlog, a job that has been due for so long is sent again: the oldest
/// message may be one that waits for its delay, and says nothing about the others. A message too
/// many costs one batch of the database.
const LONGEST_HOLD_SECONDS: i64 = 300;

/// Moves expired leases, passed deadlines and missing messages, and sends what has to run again.
///
/// 1. The queues of jobs are asked how old their oldest message is. A job that is due for a shorter
///    time waits for its turn: its message is not missing.
/// 2. The rows are moved, in one transaction.
/// 3. Word of dead letters, and the messages, are sent. A message that cannot be sent is not lost:
///    its row stays due, and a later sweep sends it.
/// 4. So are the messages of steps that are overdue.
/// 5. What has been kept for its time is deleted, in transactions of its own: it can wait, and
///    when it fails, the rest is done.
///
/// # Errors
/// [`DatabaseError`]: nothing may have moved; the next sweep finds it.
pub async fn sweep<P: Ports>(ports: &P, grace_seconds: u32) -> Result<(), DatabaseError> {
    let backlog = ports.jobs(Lane::Single).backlog().await;
    let bulk_backlog = ports.jobs(Lane::Bulk).backlog().await;
    let now = ports.clock().now();
    let limits = SweepLimits {
        rows: ROWS,
        overdue: overdue(now, backlog, grace_seconds),
        overdue_bulk: overdue(now, bulk_backlog, grace_seconds),
        overdue_step: now.plus_seconds(-i64::from(grace_seconds)),
    };
    let swept = ports.store().sweep(now, limits).await?;
    let event = Event::new("sweep")
        .with("dead_lettered", swept.dead_lettered.len())
        .with("rescued", swept.rescued.len())
        .with("redispatched", swept.redispatched.len())
        .with("steps", swept.steps.len())
        .with("backlog", backlog.map(|backlog| backlog.messages))
        .with("bulk_backlog", bulk_backlog.map(|backlog| backlog.messages));
    let letters = swept.dead_lettered.into_iter().map(Into::into).collect();
    dead_letter::tell(ports, letters).await;
    let needed: Vec<Needed> = swept
        .rescued
        .into_iter()
        .chain(swept.redispatched)
        .collect();
    for lane in Lane::ALL {
        let messages = needed.iter().filter(|needed| needed.lane == lane);
        let messages: Vec<&JobMessage> = messages.map(|needed| &needed.message).collect();
        send(ports, lane, &messages).await;
    }
    for message in &swept.steps {
        task::send(ports, message, now).await;
    }
    let deleted = retention::delete_expired(ports, now).await;
    ports.log().conclude(
        event
            .with("payloads_deleted", deleted.payloads)
            .with("jobs_deleted", deleted.jobs)
            .with("batches_deleted", deleted.batches)
            .with("files_deleted", deleted.files),
    );
    Ok(())
}

/// The latest due instant of a job that has lost its message.
fn overdue(now: Instant, backlog: Option<Backlog>, grace_seconds: u32) -> Instant {
    let oldest = backlog.and_then(|backlog| backlog.oldest_at);
    let sent = oldest
        .map_or(now, |oldest| oldest.min(now))
        .max(now.plus_seconds(-LONGEST_HOLD_SECONDS));
    sent.plus_seconds(-i64::from(grace_seconds))
}

/// Sends the messages, each hundred with a second of its own, from a random one on, so that neither
/// the messages of one sweep nor those of two come back at once.
async fn send<P: Ports>(ports: &P, lane: Lane, messages: &[&JobMessage]) {
    let seconds = messages.len().div_ceil(SENT_TOGETHER).max(1);
    let mut random = [0];
    ports.entropy().fill(&mut random);
    for (number, together) in messages.chunks(SENT_TOGETHER).enumerate() {
        let bodies = together.iter().map(|message| message.encode()).collect();
        let second = (usize::from(random[0]) + number) % seconds;
        let delay_seconds = u32::try_from(second).unwrap_or_default();
        if let Err(error) = ports.jobs(lane).send(bodies, delay_seconds).await {
            log_send_failed(ports, lane.as_str(), together.len(), &error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(1_795_000_000_000);

    #[test]
    fn a_backlog_that_explains_the_wait_holds_the_sweep_back() {
        let seconds_ago = |seconds: i64| NOW.plus_seconds(-seconds);
        let since = |oldest_at| {
            let messages = 1;
            Some(Backlog {
                messages,
                oldest_at: Some(oldest_at),
            })
        };
        assert_eq!(overdue(NOW, None, 60), seconds_ago(60));
        assert_eq!(overdue(NOW, since(seconds_ago(200)), 60), seconds_ago(260));
        // A clock ahead of ours, and a message that waits for a long delay.
        assert_eq!(overdue(NOW, since(seconds_ago(-5)), 60), seconds_ago(60));
        assert_eq!(
            overdue(NOW, since(seconds_ago(90_000)), 60),
            seconds_ago(360)
        );
    }
}
