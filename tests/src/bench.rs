//! The benchmark: one stack of its own, one client process, figures as text.
#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for a name it does not have"
)]

mod classify;
mod cost;
mod executor;
mod fairness;
mod load;
mod operator;
mod store;

use crate::simulator::{Options, Simulator};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use xtask::build::{WORKERS, size};
use xtask::provider::Provider;
use xtask::providers::Providers;
use xtask::stack::{Stack, StackOptions};

/// What the end-to-end run is made of.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Jobs submitted.
    pub jobs: usize,
    /// Clients that submit at the same time.
    pub clients: usize,
    /// What a provider call takes, in milliseconds.
    pub latency_ms: u64,
    /// Jobs of each sort beside which the store is measured.
    pub crowd: NonZeroU32,
    /// Dead letters that an operator has to do with.
    pub letters: u32,
    /// The one part that is measured; `None`: all.
    pub only: Option<Part>,
}

/// A part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// The sizes of the Workers.
    Sizes,
    /// What the code itself costs, without a stack.
    Code,
    /// What the store's operations cost beside many jobs.
    Store,
    /// What a job costs, how fast jobs are accepted, and how fast they end.
    Jobs,
    /// What an operator waits for beside many dead letters.
    Operator,
    /// How long a single job takes beside a batch of another tenant.
    Fairness,
}

/// Measures everything and answers the report.
///
/// # Errors
/// If the Workers are not built, the stack does not start, or a job does not succeed.
pub async fn run(load: &Load) -> Result<String> {
    let mut report = String::new();
    let measures = |part: Part| load.only.is_none_or(|only| only == part);
    if measures(Part::Sizes) {
        sizes(&mut report)?;
    }
    if measures(Part::Code) {
        classify::measure(&mut report)?;
        executor::costs(&mut report).await?;
    }
    if measures(Part::Store) {
        store::costs(&mut report, load.crowd).await?;
    }
    if measures(Part::Jobs) || measures(Part::Operator) {
        on_a_stack(&mut report, load, measures).await?;
    }
    if measures(Part::Fairness) {
        fairness::measure(&mut report).await?;
    }
    Ok(report)
}

async fn on_a_stack(
    report: &mut String,
    load: &Load,
    measures: impl Fn(Part) -> bool,
) -> Result<()> {
    let options = Options {
        latency: std::time::Duration::from_millis(load.latency_ms),
        ..Options::default()
    };
    let simulator = Simulator::start(options)?;
    let folder = tempfile::tempdir()?;
    let stack = start(folder.path(), &simulator)?;
    if measures(Part::Jobs) {
        let client = load::Client::new(&stack).await?;
        cost::measure(report, &stack, &client).await?;
        load::submit_ratio(report, &client, load).await?;
        load::end_to_end(report, &stack, load).await?;
    }
    if measures(Part::Operator) {
        let client = load::Client::new(&stack).await?;
        operator::measure(report, &client, load).await?;
    }
    stack.stop();
    Ok(())
}

fn sizes(report: &mut String) -> Result<()> {
    writeln!(report, "Wasm, release build")?;
    for worker in WORKERS {
        let size = size(worker)?;
        let (raw, gzipped) = (size.raw.div_ceil(1000), size.gzipped.div_ceil(1000));
        writeln!(
            report,
            "  {:<18} {raw:>5} KB  {gzipped:>4} KB gzipped (at most 400)",
            worker.package
        )?;
    }
    Ok(())
}

fn start(folder: &std::path::Path, simulator: &Simulator) -> Result<Stack> {
    let mut options = StackOptions::new(folder.join("state"));
    options.vars = BTreeMap::from([("OPENAI_API_KEY".to_owned(), "simulated".to_owned())]);
    let url = simulator.url();
    let providers = Providers::compatible("openai_compatible", &url, "sim-ok")?;
    options.provider = Provider::Given(providers);
    Stack::start(options).context("the stack does not start")
}
