//! What the store's operations cost among many jobs: time on `SQLite`, rows read on D1.

use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::time::Instant;

use anyhow::{Context as _, Result};
use redrive_shared::database::{Database, Statement};
use redrive_shared::native::SqliteDatabase;
use redrive_shared::store::Store;

use crate::http_database::HttpDatabase;
use crate::scale::{Comparison, Cost, Crowd, compare, measure};
use crate::stage::StoreStage;

/// The crowd to compare with.
const SMALL: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");

/// How often each operation is measured; the median is told. Each round deletes 100 of the crowd's
/// dead letters.
const ROUNDS: usize = 7;

/// Measures beside 1,000 jobs of each sort and beside `large`, and adds two tables to the report.
pub(super) async fn costs(report: &mut String, large: NonZeroU32) -> Result<()> {
    writeln!(
        report,
        "\nThe store beside waiting, running and dead jobs, so many of each"
    )?;
    let compared = time_on_sqlite(large).await?;
    table(report, "SQLite, in a file, µs", large, &compared)?;
    let compared = rows_on_d1(large).await?;
    table(report, "D1, rows read", large, &compared)
}

fn table(
    report: &mut String,
    title: &str,
    large: NonZeroU32,
    compared: &[Comparison],
) -> Result<()> {
    writeln!(report, "  {title:<30}{SMALL:>10}{large:>12}   ratio")?;
    for comparison in compared {
        writeln!(report, "  {comparison}")?;
    }
    Ok(())
}

async fn time_on_sqlite(large: NonZeroU32) -> Result<Vec<Comparison>> {
    let small = rounds_on_sqlite(SMALL).await?;
    let large = rounds_on_sqlite(large).await?;
    Ok(compare(&small, &large))
}

async fn rounds_on_sqlite(size: NonZeroU32) -> Result<Vec<Vec<Cost>>> {
    let folder = tempfile::tempdir()?;
    let store = Store::new(SqliteDatabase::in_file(
        &folder.path().join("store.sqlite"),
    )?);
    let crowd = Crowd::fill(&store, size).await;
    let start = Instant::now();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let clock = || u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        rounds.push(measure(&store, &crowd, clock).await);
    }
    Ok(rounds)
}

async fn rows_on_d1(large: NonZeroU32) -> Result<Vec<Comparison>> {
    let stage = StoreStage::start().context("D1 does not start")?;
    let database = HttpDatabase::new(stage.url());
    let store = Store::new(&database);
    let mut rounds = Vec::new();
    for size in [SMALL, large] {
        empty(&database).await?;
        let crowd = Crowd::fill(&store, size).await;
        rounds.push([measure(&store, &crowd, || database.rows_read()).await]);
    }
    let [small, large] = rounds.as_slice() else {
        anyhow::bail!("two sizes are measured");
    };
    Ok(compare(small, large))
}

async fn empty(database: &HttpDatabase) -> Result<()> {
    let tables = [
        "DELETE FROM task_results",
        "DELETE FROM jobs",
        "DELETE FROM tenants",
        "DELETE FROM usage_daily",
        "DELETE FROM provider_slots",
    ];
    let statements = tables.map(|sql| Statement::new(sql, vec![]));
    database.batch(statements.into()).await?;
    Ok(())
}
