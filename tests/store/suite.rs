//! Runs the conformance suite, and says which cases fail.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use redrive_shared::database::{Database, Statement};
use redrive_shared::store::Store;
use redrive_tests::conformance;

/// Runs every case over a database that has the tables and no rows, as `fresh` gives it.
pub(crate) async fn run<D: Database>(fresh: impl AsyncFn() -> D) {
    let mut failed = Vec::new();
    for case in conformance::CASES {
        let store = Store::new(fresh().await);
        // The reason is printed by the panic itself.
        let outcome = AssertUnwindSafe(conformance::run(case, &store))
            .catch_unwind()
            .await;
        if outcome.is_err() {
            failed.push(*case);
        }
    }
    assert!(
        failed.is_empty(),
        "the database does not conform: {failed:#?}"
    );
}

/// Deletes every row of every table of ours.
pub(crate) async fn empty(database: &impl Database) {
    let tables = Statement::new(
        "SELECT 'DELETE FROM ' || name AS statement FROM sqlite_schema \
         WHERE type = 'table' AND name NOT IN ('d1_migrations', 'sqlite_sequence') \
         AND substr(name, 1, 4) <> '_cf_'",
        vec![],
    );
    let results = database
        .batch(vec![tables])
        .await
        .expect("the schema can be read");
    let deletions: Vec<Statement> = results
        .iter()
        .flat_map(|result| &result.rows)
        .filter_map(|row| row.get("statement")?.as_str())
        // A statement's text is `'static`; these are a handful for each of a few dozen cases.
        .map(|sql| Statement::new(String::leak(sql.to_owned()), vec![]))
        .collect();
    assert!(!deletions.is_empty(), "the migrations made no tables");
    database
        .batch(deletions)
        .await
        .expect("the rows can be deleted");
}
