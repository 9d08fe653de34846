//! Writes what came of a batch into its two files, a chunk of each at a time.

mod round;

use crate::batch::unreadable;
use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::openai::{Endpoint, Files, Finding, Writing};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::store::{BatchFiles, BatchGround, BatchMove, BatchRecord, BatchStatus};
use crate::task::Next;
use round::Round;
use serde_json::{Value, json};

/// Chunks of each file that one invocation writes: it may ask the database a thousand times.
const ROUNDS: u32 = 8;

/// Takes the next steps of a batch of which every job has ended.
///
/// 1. Jobs are read in the order of their lines until a chunk of a file is full. After the jobs come
///    the lines that never became one, if it was cancelled or its time was over. Where these cannot be
///    read, the step is taken again later, until that is given up.
/// 2. The chunks are stored, in one transaction with how far they reach. Of two steps at once one
///    takes effect; one that died before has written nothing.
/// 3. With the last of them the files are whole and the batch has ended.
///
/// # Errors
/// [`DatabaseError`]: a step may have been taken. Repeating is safe.
pub(in crate::batch) async fn step<P: Ports>(
    ports: &P,
    mut record: BatchRecord,
    ground: &BatchGround,
    endpoint: Endpoint,
) -> Result<Next, DatabaseError> {
    let last = last_status(&record);
    let files = Files {
        endpoint,
        is_expired: last == BatchStatus::Expired,
    };
    for _ in 0..ROUNDS {
        let finding = Finding::of(&record);
        let writing = finding.writing.clone().unwrap_or_default();
        let mut round = Round::gather(ports, &record, files, writing).await?;
        let chunks = round.store(ports, &record).await?;
        let whole = round
            .is_last
            .then(|| whole(&record, ground, &round.writing));
        let now = ports.clock().now();
        let moved = moved(&record, last, finding, &round, now);
        let take = || {
            let store = ports.store();
            store.write_batch(&record, ground, &chunks, &moved, whole.as_ref(), now)
        };
        if !repeat(ports.clock(), take).await? || round.is_last {
            return Ok(Next::Nothing);
        }
        if round.is_cut_short {
            return Ok(moved.due_at.map_or(Next::Nothing, Next::At));
        }
        record.step += 1;
        record.unreadable_at = moved.unreadable_at;
        record.finding = moved.finding;
    }
    Ok(Next::At(ports.clock().now()))
}

/// Where the batch ends.
fn last_status(record: &BatchRecord) -> BatchStatus {
    let not_done = record.at.jobs < record.lines || record.counts.cancelled > 0;
    let ends = record.window_ends_at.zip(record.finalizing_at);
    if record.cancelled_at.is_some() {
        BatchStatus::Cancelled
    } else if not_done && unreadable::is_the_end_of(record) {
        BatchStatus::Failed
    } else if not_done && ends.is_some_and(|(window, finalizing)| window <= finalizing) {
        BatchStatus::Expired
    } else {
        BatchStatus::Completed
    }
}

fn moved(
    record: &BatchRecord,
    last: BatchStatus,
    finding: Finding,
    round: &Round,
    now: Instant,
) -> BatchMove {
    let finding = Finding {
        writing: (!round.is_last).then(|| round.writing.clone()),
        ..finding
    };
    let mut moved = BatchMove {
        status: if round.is_last { last } else { record.status },
        due_at: (!round.is_last).then_some(now),
        at: record.at,
        unreadable_at: round.unreadable_at,
        sample: record.sample,
        lines: record.lines,
        finding: Some(json!(finding)),
    };
    if round.is_cut_short {
        unreadable::wait(&mut moved, round.unreadable_at, now);
    }
    moved
}

/// The files are kept as long as the client asked for, and no longer than the tenant's payloads.
fn whole(record: &BatchRecord, ground: &BatchGround, writing: &Writing) -> BatchFiles {
    let id = |file: &Option<crate::openai::FileSoFar>| file.as_ref().map(|file| file.id.clone());
    let seconds = ground.payload_retention_seconds;
    BatchFiles {
        output: id(&writing.output),
        error: id(&writing.error),
        usage: serde_json::to_value(writing.usage).unwrap_or(Value::Null),
        seconds: record
            .output_seconds
            .map_or(seconds, |wanted| wanted.min(seconds)),
    }
}
