//! The conformance suite of the store over `SQLite`.

use redrive_shared::native::SqliteDatabase;
use redrive_shared::store::Store;
use redrive_tests::conformance;

#[tokio::test]
async fn sqlite_conforms() {
    for case in conformance::CASES {
        println!("{case}");
        let database = SqliteDatabase::in_memory().expect("the migrations run");
        conformance::run(case, &Store::new(database)).await;
    }
}
