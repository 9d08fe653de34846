//! Retention: deletes what has been kept for its time. Part of the sweep; bounded, and safe to run twice.
//!
//! A job that ended keeps its request and its answer for its tenant's `payload_retention_seconds`;
//! without them the row stays, with its history and its cost, until `retention_seconds` are over.
//! A batch is kept as long as a job, its file as long as a payload. A message that could not be read is
//! kept for 30 days, what a day's calls used for 400. The audit
//! log is kept for good.

use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::file;
use crate::log::{Event, Log};
use crate::ports::Ports;
use crate::status_cache;
use crate::store::Deleted;

/// Jobs that one step looks at. While a step deletes, the database does nothing else. To delete a
/// payload it reads through it: with payloads of some kilobytes a step takes a few milliseconds,
/// with the largest ones, 3 MB a job, it took two seconds from a slow disk.
const ROWS: u32 = 25;

/// Steps of one sweep at most: 1,000 jobs a minute, 1.4 million a day. A database that is full at
/// 10 GB fills no faster than that.
const STEPS: u32 = 40;

/// A sweep that has deleted for so long leaves the rest to the next one.
const LONGEST_MS: i64 = 10_000;

/// The shortest time for which a tenant may have its payloads kept: a day.
pub const SHORTEST_SECONDS: u32 = 86_400;

/// A document is put into the status cache when its job ends or, when a call was under way, when
/// that is over; never later than an invocation of the platform lasts, with time to spare.
const LATEST_CACHING_SECONDS: u64 = 1_800;

// A cached document is gone before the payload that it repeats.
const _: () = {
    let cached = LATEST_CACHING_SECONDS + status_cache::TIME_TO_LIVE.as_secs();
    #[expect(
        clippy::as_conversions,
        reason = "widening; `From` is not for constants"
    )]
    let kept = SHORTEST_SECONDS as u64;
    assert!(cached <= kept, "a cached document outlives its payload");
};

/// Deletes what is over at `now`, step by step, until nothing is left or the sweep has done its
/// share. Answers what is gone.
///
/// Never fails: what goes wrong is logged and ends this sweep's share. The next sweep goes on.
pub(crate) async fn delete_expired<P: Ports>(ports: &P, now: Instant) -> Deleted {
    let mut deleted = Deleted::default();
    let began_at = ports.clock().now();
    for _ in 0..STEPS {
        match step(ports, now).await {
            Ok(step) => {
                deleted += step;
                let spent = ports.clock().now().millis_since(began_at);
                if !step.is_full(ROWS) || spent >= LONGEST_MS {
                    break;
                }
            }
            Err(error) => {
                log_failed(ports, &error);
                break;
            }
        }
    }
    deleted
}

async fn step<P: Ports>(ports: &P, now: Instant) -> Result<Deleted, DatabaseError> {
    let (mut deleted, files) = ports.store().delete_expired(now, ROWS).await?;
    for file in files {
        let (tenant, id) = (&file.tenant_id, &file.id);
        deleted.files += u64::from(file::delete(ports, tenant, id, file.chunks, Some(now)).await?);
    }
    Ok(deleted)
}

fn log_failed(ports: &impl Ports, error: &DatabaseError) {
    ports.log().write(
        Event::new("retention_failed")
            .with("error.code", error.code())
            .with("error.message", error.to_string()),
    );
}
