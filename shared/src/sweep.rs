//! Sweep: finds what was forgotten. Run by the cron every minute; bounded, and safe to run twice.

use crate::clock::Clock;
use crate::database::DatabaseError;
use crate::log::{Event, Log};
use crate::message::{DeadLetterMessage, JobMessage};
use crate::ports::Ports;
use crate::queue::Queue;
use crate::run::tell_dead_letters;
use crate::store::SweepLimits;

/// Rows that each statement of one sweep moves at most.
pub const ROWS: u32 = 500;

/// Moves expired leases, passed deadlines and missing messages, and sends what has to run again.
///
/// A message that cannot be sent is not lost: its row stays due, and the next sweep sends it.
///
/// # Errors
/// [`DatabaseError`]: nothing may have moved; the next sweep finds it.
pub async fn sweep<P: Ports>(ports: &P, grace_seconds: u32) -> Result<(), DatabaseError> {
    let now = ports.clock().now();
    let swept = ports
        .store()
        .sweep(
            now,
            SweepLimits {
                rows: ROWS,
                grace_seconds,
            },
        )
        .await?;
    let event = Event::new("sweep")
        .with("dead_lettered", swept.dead_lettered.len())
        .with("rescued", swept.rescued.len())
        .with("redispatched", swept.redispatched.len());
    let letters: Vec<DeadLetterMessage> = swept
        .dead_lettered
        .into_iter()
        .map(|job| DeadLetterMessage {
            tenant_id: job.tenant_id,
            job_id: job.id,
            attempt: job.attempt,
            code: job.error_code,
        })
        .collect();
    if !letters.is_empty() {
        tell_dead_letters(ports, letters).await;
    }
    let messages: Vec<JobMessage> = swept
        .rescued
        .into_iter()
        .chain(swept.redispatched)
        .collect();
    if !messages.is_empty() {
        send(ports, &messages).await;
    }
    ports.log().conclude(event);
    Ok(())
}

async fn send<P: Ports>(ports: &P, messages: &[JobMessage]) {
    let bodies = messages.iter().map(JobMessage::encode).collect();
    if let Err(error) = ports.jobs().send(bodies).await {
        ports.log().write(
            Event::new("send_failed")
                .with("queue", "jobs")
                .with("messages", messages.len())
                .with("error.message", error.to_string()),
        );
    }
}
