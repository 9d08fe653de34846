//! Batches whose lines cannot be read.

use super::{errors, read, run_bulk, run_to_the_end, step, take};
use crate::bench::Bench;
use redrive_shared::batch::unreadable::{BatchError, BatchErrorCode};
use redrive_shared::bucket::Bucket as _;
use redrive_shared::clock::Clock as _;
use redrive_shared::native::MemoryBucket;
use redrive_shared::store::BatchStatus;
use serde_json::{Value, json};

/// Four lines, two a chunk.
fn upload() -> String {
    let prompt = "p".repeat(400_000);
    let line = |number| {
        let line = json!({"customId": format!("c{number}"), "prompt": prompt});
        format!("{line}\n")
    };
    (1..=4).map(line).collect()
}

#[tokio::test]
async fn a_batch_whose_file_is_gone_ends_with_what_became_of_its_jobs() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(), false).await.expect("taken");
    bench.execute("DELETE FROM file_chunks WHERE number = 1");
    let began_at = bench.ports.clock.now();
    step(&bench).await;
    assert_eq!(bench.rows("jobs"), 2);
    step(&bench).await;
    let waiting = read(&bench, &taken.id).await;
    assert_eq!(waiting.status, BatchStatus::InProgress);
    assert_eq!(BatchError::of(&waiting), None);
    let record = run_to_the_end(&bench, &taken.id).await;
    assert_eq!(record.status, BatchStatus::Failed);
    let millis = bench.ports.clock.now().millis_since(began_at);
    assert!((900_000..1_000_000).contains(&millis), "{millis}");
    assert_eq!((record.counts.succeeded, record.at.jobs), (2, 2));
    let error = BatchError::of(&record).expect("a reason");
    assert_eq!(
        (error.code, error.line),
        (BatchErrorCode::LinesUnreadable, Some(3))
    );
    assert!(
        error.detail.contains("2 of them became no job"),
        "{error:?}"
    );
    assert!(bench.events("lines_unreadable") > 10);
    assert_eq!(step(&bench).await, 0, "nothing is left to do");
    assert_eq!(errors(&bench, &taken.id).await, "");
}

#[tokio::test]
async fn a_batch_waits_for_its_jobs_before_it_gives_its_lines_up() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(), false).await.expect("taken");
    bench.execute("DELETE FROM file_chunks WHERE number = 1");
    for _ in 0..60 {
        step(&bench).await;
    }
    let record = read(&bench, &taken.id).await;
    assert_eq!(record.status, BatchStatus::InProgress);
    assert_eq!(record.counts.queued, 2);
    run_bulk(&bench).await;
    step(&bench).await;
    let record = read(&bench, &taken.id).await;
    assert_eq!(record.status, BatchStatus::Failed);
}

#[tokio::test]
async fn lines_that_can_be_read_again_become_jobs() {
    let mut bench = Bench::new();
    bench.ports.bucket = Some(MemoryBucket::default());
    let taken = take(&bench, &upload(), false).await.expect("taken");
    let bucket = bench.ports.bucket.as_ref().expect("there");
    let key = bucket.keys().pop().expect("a chunk");
    let text = bucket.get(&key).await.expect("readable").expect("there");
    bucket.delete(vec![key.clone()]).await.expect("deleted");
    for _ in 0..20 {
        step(&bench).await;
        run_bulk(&bench).await;
    }
    let record = read(&bench, &taken.id).await;
    assert_eq!(record.status, BatchStatus::InProgress);
    assert!(record.unreadable_at.is_some());
    bucket.put(&key, text).await.expect("put");
    let record = run_to_the_end(&bench, &taken.id).await;
    assert_eq!(record.status, BatchStatus::Completed);
    assert_eq!((record.counts.succeeded, record.unreadable_at), (4, None));
}

#[tokio::test]
async fn a_line_that_cannot_be_read_any_more_is_told_by_its_name() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(), false).await.expect("taken");
    step(&bench).await;
    bench.execute(
        "UPDATE jobs SET state = 'cancelled', due_at_ms = NULL, completed_at_ms = 1, expires_at_ms = 1",
    );
    bench.execute("DELETE FROM file_chunks WHERE number = 0");
    let text = errors(&bench, &taken.id).await;
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let names: Vec<_> = lines.iter().map(|line| &line["customId"]).collect();
    assert_eq!(names, ["c1", "c2", "c3", "c4"]);
    let read: Vec<bool> = lines
        .iter()
        .map(|line| line["prompt"].is_string())
        .collect();
    assert_eq!(read, [false, false, true, true]);
}
