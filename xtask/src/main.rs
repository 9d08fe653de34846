//! `cargo xtask`: the commands of this repository.
#![expect(
    clippy::print_stderr,
    reason = "a command speaks to its user on the terminal"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::deploy::Environment;
use xtask::{bench, build, chaos, check, demo, deploy, dev, process, providers, sim, test, tools};

/// Installs, builds, runs, tests and deploys Redrive.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs one job of each kind through a local stack of its own and shows every step
    Demo {
        /// The providers to ask, in the place of providers.toml
        #[arg(long, value_name = "FILE")]
        providers: Option<PathBuf>,
    },
    /// Keeps a local stack up until Ctrl-C
    Dev {
        /// The port of 127.0.0.1 to answer on; 0 takes a free one
        #[arg(long, default_value_t = 8787)]
        port: u16,
        /// The folder of the stack's database, keys and log
        #[arg(long, value_name = "DIR", default_value = ".redrive/dev")]
        state: PathBuf,
        /// Start with an empty state folder
        #[arg(long)]
        fresh: bool,
        /// The seconds between two runs of the sweep
        #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
        cron_seconds: u64,
        /// The providers to ask, in the place of providers.toml
        #[arg(long, value_name = "FILE")]
        providers: Option<PathBuf>,
    },
    /// Prints what providers.toml says, or every mistake in it
    Providers {
        /// Another file in its place
        file: Option<PathBuf>,
    },
    /// Installs what is missing, builds the Workers, and runs every test
    Test {
        /// Handed on to `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Checks format, lints, docs and dependencies
    Check,
    /// Builds the Workers and the files of /docs
    Build,
    /// Measures size, cost of a job, and throughput on the local runtime
    Bench {
        /// Handed on: `--jobs`, `--clients`, `--latency-ms`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Holds the guarantees against faults of the provider and of the platform, and against kills
    ///
    /// The Workers run as they are built, on a stack of their own. At the provider, calls fail in
    /// many ways; at the bindings, calls of D1, KV and the queues fail before or after they take
    /// effect, and messages get lost, come twice or come late; and the runtime is killed. In the
    /// end every job that was accepted must have ended, once.
    ///
    /// Progress is told on standard error. The last line on standard output is one JSON object
    /// with the counts. The command fails unless nothing was lost and nothing was answered twice.
    Chaos(chaos::Arguments),
    /// Simulates the use cases side by side in random worlds, and checks every step
    ///
    /// The statements run on SQLite in this process; queues, cache, clock and provider are
    /// simulated, and fail as the seed decides. The same seed gives the same worlds. What breaks
    /// an invariant is shrunk and printed as a test. The last line has the counts.
    Sim {
        /// Handed on: `--operations` (1,000,000 unless given) and `--seed`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Deploys the Workers to a Cloudflare account
    Deploy {
        /// Where to
        #[arg(long, value_enum)]
        env: Environment,
        /// The providers to ask, in the place of providers.toml
        #[arg(long, value_name = "FILE")]
        providers: Option<PathBuf>,
        /// Print what would be called and check the configurations; needs no account and no network
        #[arg(long)]
        dry_run: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Told to end: children that end now are no error, and the signal handler is about to
            // end this process.
            process::wait_if_stopping();
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Demo { providers } => demo::run(providers.as_deref()),
        Command::Dev {
            port,
            state,
            fresh,
            cron_seconds,
            providers,
        } => dev::run(&dev::Options {
            port,
            state,
            fresh,
            cron_seconds,
            providers,
        }),
        Command::Providers { file } => providers::run(file.as_deref()),
        Command::Test { arguments } => test::run(&arguments),
        Command::Check => check::run(),
        Command::Build => {
            tools::ensure()?;
            build::all()
        }
        Command::Bench { arguments } => bench::run(&arguments),
        Command::Chaos(arguments) => chaos::run(&arguments),
        Command::Sim { arguments } => sim::run(&arguments),
        Command::Deploy {
            env,
            providers,
            dry_run,
        } => deploy::run(env, providers.as_deref(), dry_run),
    }
}
