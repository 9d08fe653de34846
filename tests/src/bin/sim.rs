//! The simulation, from the command line: `cargo xtask sim --operations N --seed S`.
#![expect(clippy::print_stdout, reason = "a simulation prints what it found")]

use clap::Parser;
use redrive_tests::sim::{Control, Finding, Ground, Plan, shrink, simulate};
use std::process::ExitCode;
use std::time::Instant;

/// Plays random worlds against the invariants, and shrinks what breaks one.
#[derive(Parser)]
struct Arguments {
    /// Operations in all
    #[arg(long, default_value_t = 1_000_000)]
    operations: u64,
    /// The seed; the same seed gives the same worlds [default: the time]
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(seed_of_the_time);
    println!("seed {seed}");
    let ground = Ground::new(Control::None)?;
    let begun = Instant::now();
    let plan = Plan {
        seed,
        operations: arguments.operations,
        watched: &[],
    };
    let (totals, finding) = simulate(&ground, plan)?;
    let seconds = begun.elapsed().as_secs_f64();
    let code = match &finding {
        Some(finding) => {
            tell(&ground, plan, finding)?;
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    };
    println!("{totals} seconds {seconds:.1} seed {seed}");
    Ok(code)
}

fn seed_of_the_time() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn tell(ground: &Ground, plan: Plan<'_>, finding: &Finding) -> anyhow::Result<()> {
    let Finding {
        episode,
        seed,
        breach,
        operations,
    } = finding;
    println!("episode {episode}, its seed {seed:#x}: {breach}");
    println!("after {} operations: {operations:?}", operations.len());
    let (shortest, breach) = shrink(ground, finding.setting(plan), operations, breach)?;
    println!("shrunk to {} operations: {breach}", shortest.len());
    println!("const SEED: u64 = {seed:#x};");
    println!("const OPERATIONS: &[Operation] = &[");
    for operation in &shortest {
        println!("    {operation:?},");
    }
    println!("];");
    Ok(())
}
