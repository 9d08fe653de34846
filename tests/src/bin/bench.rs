//! The pipeline's numbers on the local runtime, printed: size, cost of a job, throughput.
//!
//! `cargo xtask bench` builds what this needs and runs it.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use clap::Parser;
use redrive_tests::bench::{self, Load, Part};
use std::num::NonZeroU32;

/// Measures the pipeline on the local runtime.
#[derive(Parser)]
struct Arguments {
    /// Jobs of the end-to-end run
    #[arg(long, default_value_t = 2_000)]
    jobs: usize,
    /// Clients at a time
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// The provider's latency in milliseconds
    #[arg(long, default_value_t = 5)]
    latency_ms: u64,
    /// Jobs of each sort beside which the store is measured
    #[arg(long, default_value = "100000")]
    crowd: NonZeroU32,
    /// Dead letters that an operator has to do with
    #[arg(long, default_value_t = 10_000)]
    letters: u32,
    /// Measure this part alone
    #[arg(long)]
    only: Option<Part>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Arguments {
        jobs,
        clients,
        latency_ms,
        crowd,
        letters,
        only,
    } = Arguments::parse();
    let report = bench::run(&Load {
        jobs,
        clients,
        latency_ms,
        crowd,
        letters,
        only,
    })
    .await?;
    println!("{report}");
    Ok(())
}
