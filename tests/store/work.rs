//! What the store's operations cost does not grow with the number of jobs beside them.
//!
//! Not time is counted but work: the instructions that `SQLite` carries out, and the rows that D1
//! says it has read. Both are the same on every machine.

use std::num::NonZeroU32;

use redrive_shared::database::{Database, Statement};
use redrive_shared::native::SqliteDatabase;
use redrive_shared::store::Store;
use redrive_tests::http_database::HttpDatabase;
use redrive_tests::scale::{Comparison, Cost, Crowd, compare, measure};

use super::{plans, suite};

const SMALL: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");
const LARGE: NonZeroU32 = NonZeroU32::new(100_000).expect("not zero");

/// How many times as much an operation may cost among a hundred times as many jobs.
const GROWTH: f64 = 1.2;

#[tokio::test]
async fn nothing_costs_more_among_a_hundred_thousand_jobs_of_each_sort() {
    let mut rounds = Vec::new();
    for size in [SMALL, LARGE] {
        let store = Store::new(SqliteDatabase::in_memory().expect("the migrations run"));
        let crowd = Crowd::fill(&store, size).await;
        rounds.push([instructions(&store, &crowd).await]);
        if size == LARGE {
            plans::check(store.database()).await;
            // What the planner learns about the crowd changes nothing for the worse.
            run(store.database(), "ANALYZE").await;
            plans::check(store.database()).await;
        }
    }
    let grown = grown(&compare(&rounds[0], &rounds[1]));
    assert!(grown.is_empty(), "operations cost more: {grown:#?}");
}

#[tokio::test]
async fn an_operation_that_reads_more_among_more_jobs_is_found() {
    let mut rounds = Vec::new();
    for size in [SMALL, NonZeroU32::new(5_000).expect("not zero")] {
        let store = Store::new(SqliteDatabase::in_memory().expect("the migrations run"));
        for sql in ["DROP INDEX jobs_leased", "DROP INDEX jobs_expiring"] {
            run(store.database(), sql).await;
        }
        let crowd = Crowd::fill(&store, size).await;
        rounds.push([instructions(&store, &crowd).await]);
    }
    let grown = grown(&compare(&rounds[0], &rounds[1])).join("\n");
    for operation in ["sweep that finds nothing", "retention that finds nothing"] {
        assert!(grown.contains(operation), "{grown}");
    }
    assert!(!grown.contains("claim of 10"), "{grown}");
}

/// The same on D1, by the rows that it says it has read.
pub(crate) async fn check(database: &HttpDatabase) {
    let mut rounds = Vec::new();
    for size in [SMALL, LARGE] {
        suite::empty(database).await;
        let store = Store::new(database);
        let crowd = Crowd::fill(&store, size).await;
        rounds.push([measure(&store, &crowd, || database.rows_read()).await]);
    }
    let grown = grown(&compare(&rounds[0], &rounds[1]));
    assert!(grown.is_empty(), "operations read more rows: {grown:#?}");
}

async fn instructions(store: &Store<SqliteDatabase>, crowd: &Crowd) -> Vec<Cost> {
    measure(store, crowd, || store.database().steps()).await
}

async fn run(database: &impl Database, sql: &'static str) {
    let statement = Statement::new(sql, vec![]);
    let done = database.batch(vec![statement]).await;
    done.expect("the statement runs");
}

/// The operations that cost more than they may.
fn grown(compared: &[Comparison]) -> Vec<String> {
    assert!(!compared.is_empty(), "nothing was measured");
    for comparison in compared {
        println!("{comparison}");
        assert!(comparison.small > 0, "the meter stands still: {comparison}");
    }
    compared
        .iter()
        .filter(|comparison| comparison.ratio() > GROWTH)
        .map(ToString::to_string)
        .collect()
}
