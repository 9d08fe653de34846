//! What has been kept for its time goes with the sweep.

use crate::batches::{run_to_the_end, take, upload};
use crate::bench::{ACK, Bench, Ports, answer, status, transient};
use redrive_shared::audit::Actor;
use redrive_shared::cancel::{Cancelled, cancel};
use redrive_shared::clock::{Clock, Instant};
use redrive_shared::document::JobDocument;
use redrive_shared::job::JobState;
use redrive_shared::native::MemoryBucket;
use redrive_shared::native::{
    Fault, FaultyDatabase, ManualClock, MemoryLog, MemoryQueue, MemoryStatusCache,
    ScriptedTransport, SeededEntropy, SqliteDatabase,
};
use redrive_shared::queue::Lane;
use redrive_shared::store::Store;
use redrive_shared::sweep::sweep;
use std::time::Duration;

const DAY_MS: i64 = 86_400_000;

/// The latest sweep's line in the log.
fn told(bench: &Bench) -> serde_json::Value {
    let lines = bench.ports.log.lines();
    let sweep = lines
        .iter()
        .rev()
        .find(|line| line.contains(r#""event":"sweep""#));
    serde_json::from_str(sweep.expect("a sweep was told")).expect("a line is JSON")
}

async fn sweep_after_days(bench: &Bench, days: i64) -> (u64, u64) {
    bench.ports.clock.advance_millis(days * DAY_MS);
    sweep(&bench.ports, 60).await.expect("sweeps");
    let told = told(bench);
    let count = |name: &str| told.get(name).and_then(serde_json::Value::as_u64);
    let counts = count("payloads_deleted").zip(count("jobs_deleted"));
    counts.expect("the sweep tells what it deleted")
}

/// Jobs that are cancelled as soon as they are submitted.
async fn end_jobs(bench: &Bench, count: usize) {
    for _ in 0..count {
        let job = bench.submit().await;
        let now = bench.ports.clock.now();
        let cancelled = bench
            .ports
            .store
            .cancel(&bench.tenant, &job, now, None)
            .await;
        assert!(cancelled.expect("runs").is_some());
    }
}

#[tokio::test]
async fn a_job_loses_its_payload_after_a_week_and_is_gone_after_a_month() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let transport = ScriptedTransport::new([answer("four")]);
    let message = bench.message(&job);
    assert_eq!(bench.deliver(&transport, &[message]).await, [ACK]);
    let whole = JobDocument::from(bench.read(&job).await);
    assert_eq!(sweep_after_days(&bench, 6).await, (0, 0));
    assert_eq!(JobDocument::from(bench.read(&job).await), whole);

    assert_eq!(sweep_after_days(&bench, 1).await, (1, 0));
    let expected = JobDocument {
        payload_deleted: true,
        result: None,
        ..whole
    };
    assert_eq!(JobDocument::from(bench.read(&job).await), expected);
    assert!(expected.usage.is_some(), "what the answer cost is kept");

    assert_eq!(sweep_after_days(&bench, 22).await, (0, 0));
    assert_eq!(sweep_after_days(&bench, 1).await, (0, 1));
    assert_eq!((bench.rows("jobs"), bench.rows("task_results")), (0, 0));
    assert_eq!(sweep_after_days(&bench, 30).await, (0, 0));
}

#[tokio::test]
async fn no_word_of_a_prompt_outlives_the_payload_of_a_dead_letter() {
    const ECHO: &str = "canary prompt";
    let bench = Bench::new();
    let job = bench.submit().await;
    let (code, _) = status(401).expect("a status");
    let refusal = format!(r#"{{"error":{{"message":"no: {ECHO}","type":"x"}}}}"#);
    let transport = ScriptedTransport::new([Ok((code, refusal))]);
    let message = bench.message(&job);
    assert_eq!(bench.deliver(&transport, &[message]).await, [ACK]);
    let letter = bench.read(&job).await;
    assert_eq!(letter.state, JobState::DeadLettered);
    let quoted = letter.error.expect("told").excerpt.expect("quoted");
    assert!(quoted.contains(ECHO), "{quoted}");

    assert_eq!(sweep_after_days(&bench, 7).await, (1, 0));
    let letter = bench.read(&job).await;
    assert!(letter.payload_deleted && letter.error_code.is_some());
    let stored = bench.ports.store.database().inner();
    let row: String = stored.with_connection(|connection| {
        let sql =
            "SELECT concat_ws(' ', error, attempts, replays, dropped_answers, request) FROM jobs";
        connection
            .query_row(sql, [], |row| row.get(0))
            .expect("reads")
    });
    assert!(!row.contains(ECHO), "{row}");
}

#[tokio::test]
async fn retention_that_fails_stops_nothing_else_and_the_next_sweep_makes_up_for_it() {
    for fault in [Fault::Before(transient()), Fault::After(transient())] {
        let bench = Bench::new();
        let over = bench.submit().await;
        cancel(&bench.ports, &bench.tenant, &over, Actor::Operator)
            .await
            .expect("cancelled");
        bench.ports.clock.advance_millis(7 * DAY_MS);
        let forgotten = bench.submit().await;
        bench.ports.clock.advance_millis(60_000);
        bench.ports.jobs.take();
        let took_effect = matches!(fault, Fault::After(_));
        bench.fail_next([Fault::None, fault]);
        assert_eq!(sweep_after_days(&bench, 0).await, (0, 0));
        assert_eq!(bench.events("retention_failed"), 1);
        assert_eq!(bench.ports.jobs.take().len(), 1, "a message was missing");
        assert_eq!(bench.read(&over).await.payload_deleted, took_effect);
        let rest = u64::from(!took_effect);
        assert_eq!(sweep_after_days(&bench, 0).await, (rest, 0));
        assert!(bench.read(&over).await.payload_deleted);
        assert!(!bench.read(&forgotten).await.payload_deleted);
    }
}

#[tokio::test]
async fn a_sweep_deletes_a_bounded_number_of_jobs() {
    let bench = Bench::new();
    end_jobs(&bench, 1_010).await;
    assert_eq!(sweep_after_days(&bench, 7).await, (1_000, 0));
    assert_eq!(sweep_after_days(&bench, 0).await, (10, 0));
    let before = bench.ports.store.database().batches();
    assert_eq!(sweep_after_days(&bench, 0).await, (0, 0));
    let idle = bench.ports.store.database().batches() - before;
    assert_eq!(idle, 2, "one for what is forgotten, one for what is over");
    assert_eq!(sweep_after_days(&bench, 23).await, (0, 1_000));
    assert_eq!(sweep_after_days(&bench, 0).await, (0, 10));
}

/// The bench's ports with a clock that moves whenever somebody looks at it.
struct Slow<'a> {
    ports: &'a Ports,
    clock: TickingClock<'a>,
}

struct TickingClock<'a>(&'a ManualClock);

impl Clock for TickingClock<'_> {
    fn now(&self) -> Instant {
        self.0.advance_millis(5_000);
        self.0.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

impl<'a> redrive_shared::ports::Ports for Slow<'a> {
    type Database = FaultyDatabase<SqliteDatabase>;
    type Queue = MemoryQueue;
    type Cache = MemoryStatusCache;
    type Bucket = MemoryBucket;
    type Clock = TickingClock<'a>;
    type Entropy = SeededEntropy;
    type Log = MemoryLog;

    fn store(&self) -> &Store<Self::Database> {
        &self.ports.store
    }
    fn jobs(&self, lane: Lane) -> &MemoryQueue {
        match lane {
            Lane::Single => &self.ports.jobs,
            Lane::Bulk => &self.ports.bulk_jobs,
        }
    }
    fn tasks(&self) -> &MemoryQueue {
        &self.ports.tasks
    }
    fn dead_letters(&self) -> &MemoryQueue {
        &self.ports.dead_letters
    }
    fn cache(&self) -> &MemoryStatusCache {
        &self.ports.cache
    }
    fn bucket(&self) -> Option<&MemoryBucket> {
        None
    }
    fn clock(&self) -> &TickingClock<'a> {
        &self.clock
    }
    fn entropy(&self) -> &SeededEntropy {
        &self.ports.entropy
    }
    fn log(&self) -> &MemoryLog {
        &self.ports.log
    }
}

#[tokio::test]
async fn a_sweep_that_deletes_slowly_leaves_the_rest_to_the_next() {
    let bench = Bench::new();
    end_jobs(&bench, 60).await;
    bench.ports.clock.advance_millis(7 * DAY_MS);
    let slow = Slow {
        ports: &bench.ports,
        clock: TickingClock(&bench.ports.clock),
    };
    sweep(&slow, 60).await.expect("sweeps");
    let told = told(&bench);
    // Two steps of 25 jobs, of five seconds each.
    assert_eq!(told.get("payloads_deleted"), Some(&50.into()));
    assert_eq!(sweep_after_days(&bench, 0).await, (10, 0));
}

#[tokio::test]
async fn a_job_is_cached_at_its_end_only_so_that_the_cache_forgets_it_first() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench.ports.cache.set_broken(true);
    let first = cancel(&bench.ports, &bench.tenant, &job, Actor::Operator).await;
    bench.ports.cache.set_broken(false);
    bench.ports.clock.advance_millis(6 * DAY_MS);
    let second = cancel(&bench.ports, &bench.tenant, &job, Actor::Operator).await;
    assert_eq!(first, second);
    assert!(matches!(second, Ok(Cancelled::Done(_))));
    assert!(bench.ports.cache.entries().is_empty());
}

#[tokio::test]
async fn the_lines_of_a_batch_are_kept_until_they_are_jobs_however_long_that_takes() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(3), false).await.expect("taken");
    // Nothing runs for longer than the file of an upload is kept that never became a batch.
    bench.ports.clock.advance_millis(91 * DAY_MS);
    sweep(&bench.ports, 60).await.expect("sweeps");
    assert_eq!((bench.rows("files"), bench.rows("file_chunks")), (1, 1));
    assert_eq!(run_to_the_end(&bench, &taken.id).await.counts.succeeded, 3);
    bench.ports.clock.advance_millis(7 * DAY_MS);
    sweep(&bench.ports, 60).await.expect("sweeps");
    assert_eq!((bench.rows("files"), bench.rows("file_chunks")), (0, 0));
}
