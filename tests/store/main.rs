//! The store over both of its databases, and what its statements cost.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that meets the unexpected fails, and says what it measured"
)]

mod cost;
mod migrations;
mod plans;
mod suite;
mod work;

use anyhow::Result;
use redrive_shared::native::SqliteDatabase;
use redrive_tests::http_database::HttpDatabase;
use redrive_tests::stage::StoreStage;

#[tokio::test]
async fn sqlite_conforms() {
    suite::run(async || SqliteDatabase::in_memory().expect("the migrations run")).await;
}

#[tokio::test]
async fn d1_conforms() -> Result<()> {
    let stage = StoreStage::start()?;
    let database = HttpDatabase::new(stage.url());
    suite::run(async || {
        suite::empty(&database).await;
        &database
    })
    .await;
    plans::check(&database).await;
    cost::check(&database).await;
    work::check(&database).await;
    Ok(())
}
