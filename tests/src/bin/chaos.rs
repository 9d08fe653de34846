//! The guarantees, held against a bad day on the local runtime.
//!
//! `cargo xtask chaos` builds what this needs and runs it. The last line on standard output is one
//! JSON object; progress goes to standard error.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command tells what it found"
)]

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Parser;
use redrive_tests::chaos::{self, Day, Storm};
use xtask::chaos::Arguments;

/// The stack's folder in `.redrive/`.
const FOLDER: &str = "chaos";
/// Jobs of a run that does not say how many.
const JOBS: u32 = 10_000;
/// Jobs of a storm that does not say how many.
const JOBS_IN_A_STORM: u32 = 1_000;

/// Holds the guarantees against faults and kills on the local runtime.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let arguments = Line::parse().arguments;
    let (line, broken) = if let Some(seconds) = arguments.storm_seconds {
        let report = chaos::run_storm(&Storm {
            folder: FOLDER.to_owned(),
            jobs: arguments.jobs.unwrap_or(JOBS_IN_A_STORM),
            seconds,
            clients: arguments.clients,
        })
        .await?;
        (serde_json::to_string(&report)?, report.broken())
    } else {
        let report = chaos::run(&day(&arguments)).await?;
        (serde_json::to_string(&report)?, report.broken())
    };
    for claim in &broken {
        eprintln!("broken: {claim}");
    }
    println!("{line}");
    Ok(if broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn day(arguments: &Arguments) -> Day {
    Day {
        folder: FOLDER.to_owned(),
        jobs: arguments.jobs.unwrap_or(JOBS),
        faults: f64::from(arguments.faults) / 100.0,
        binding_faults: f64::from(arguments.binding_faults) / 100.0,
        kills: arguments.kills,
        late_commits: arguments.late_commits,
        seed: arguments.seed.unwrap_or_else(seed_of_the_clock),
        clients: arguments.clients,
    }
}

fn seed_of_the_clock() -> u32 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since_epoch.subsec_nanos()
}
