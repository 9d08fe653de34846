//! The files of batches: where they lie, and how long.

use super::{DAY_MS, errors, run_to_the_end, step, take, upload};
use crate::bench::{Bench, START, transient};
use redrive_shared::batch::intake::Refused;
use redrive_shared::clock::Clock as _;
use redrive_shared::native::{Fault, MemoryBucket};
use redrive_shared::sweep::sweep;

#[tokio::test]
async fn a_batch_and_its_file_are_deleted_when_their_time_is_over() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(3), false).await.expect("taken");
    run_to_the_end(&bench, &taken.id).await;
    assert_eq!((bench.rows("files"), bench.rows("file_chunks")), (1, 1));
    bench.ports.clock.advance_millis(7 * DAY_MS);
    sweep(&bench.ports, 60).await.expect("sweeps");
    assert_eq!((bench.rows("files"), bench.rows("file_chunks")), (0, 0));
    assert_eq!(errors(&bench, &taken.id).await, "");
    bench.ports.clock.advance_millis(23 * DAY_MS);
    sweep(&bench.ports, 60).await.expect("sweeps");
    for table in ["batches", "batch_completions", "jobs"] {
        assert_eq!(bench.rows(table), 0, "{table}");
    }
}

#[tokio::test]
async fn the_file_of_a_batch_that_was_not_inserted_is_deleted_after_a_day() {
    for fault in [Fault::Before(transient()), Fault::After(transient())] {
        let bench = Bench::new();
        // The file is made, and its chunk stored.
        let faults = std::iter::repeat_n(Fault::None, 2);
        bench.fail_next(faults.chain(std::iter::repeat_n(fault.clone(), 3)));
        let refused = take(&bench, &upload(3), false).await;
        assert_eq!(refused, Err(Refused::Database(transient())));
        assert_eq!(bench.rows("file_chunks"), 1, "it may have been inserted");
        let inserted = bench.rows("batches");
        assert_eq!(inserted, i64::from(fault != Fault::Before(transient())));
        bench.ports.clock.advance_millis(DAY_MS);
        sweep(&bench.ports, 60).await.expect("sweeps");
        assert_eq!(bench.rows("files"), inserted, "{fault:?}");
        assert_eq!(bench.rows("file_chunks"), inserted, "{fault:?}");
        if inserted == 1 {
            step(&bench).await;
            assert_eq!(bench.rows("jobs"), 3, "its lines are owed");
        }
    }
}

#[tokio::test]
async fn where_there_is_a_bucket_the_text_lies_there() {
    let mut bench = Bench::new();
    bench.ports.bucket = Some(MemoryBucket::default());
    let taken = take(&bench, &upload(3), false).await.expect("taken");
    let bucket = bench.ports.bucket.as_ref().expect("there");
    assert_eq!(bucket.keys().len(), 1);
    let database = bench.ports.store.database().inner();
    let kept: i64 = database.with_connection(|connection| {
        let sql = "SELECT count(*) FROM file_chunks WHERE body IS NOT NULL";
        connection
            .query_row(sql, [], |row| row.get(0))
            .expect("counts")
    });
    assert_eq!(kept, 0);
    assert_eq!(run_to_the_end(&bench, &taken.id).await.counts.succeeded, 3);
    bench.ports.clock.advance_millis(7 * DAY_MS);
    sweep(&bench.ports, 60).await.expect("sweeps");
    assert_eq!(bucket.keys().len(), 0);
    assert!(bench.ports.clock.now() > START);
}
