//! `cargo xtask chaos`: the guarantees, held against a bad day on the local runtime.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::{build, checkout, process, tools};

/// How bad the day is.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Jobs to submit: 10000 unless given, 1000 in a storm
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: Option<u32>,
    /// The percentage of the provider's calls that get a fault
    #[arg(long, value_name = "P", default_value_t = 20, value_parser = clap::value_parser!(u8).range(..=100))]
    pub faults: u8,
    /// The percentage of the calls of D1, KV and the queues that fail, at each binding
    #[arg(long, value_name = "P", default_value_t = 2, value_parser = clap::value_parser!(u8).range(..=100))]
    pub binding_faults: u8,
    /// How often the runtime is killed, at random moments
    #[arg(long, value_name = "K", default_value_t = 3)]
    pub kills: u32,
    /// How often a commit is held until its lease is over and its jobs are run by somebody else
    #[arg(long, value_name = "L", default_value_t = 0)]
    pub late_commits: u32,
    /// What faults and moments are drawn from; drawn from the clock unless given
    #[arg(long, value_name = "S")]
    pub seed: Option<u32>,
    /// Clients that submit at a time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub clients: u32,
    /// No other faults: the provider answers 429 with `Retry-After: 5` for this long, then well
    #[arg(long, value_name = "T", conflicts_with_all = ["faults", "binding_faults", "kills", "late_commits"], value_parser = clap::value_parser!(u32).range(1..))]
    pub storm_seconds: Option<u32>,
}

impl Arguments {
    /// The same, as they are typed.
    fn flags(&self) -> Vec<String> {
        let mut flags = vec![format!("--clients={}", self.clients)];
        let optional = [
            ("jobs", self.jobs),
            ("seed", self.seed),
            ("storm-seconds", self.storm_seconds),
        ];
        for (name, value) in optional {
            flags.extend(value.map(|value| format!("--{name}={value}")));
        }
        if self.storm_seconds.is_none() {
            flags.extend([
                format!("--faults={}", self.faults),
                format!("--binding-faults={}", self.binding_faults),
                format!("--kills={}", self.kills),
                format!("--late-commits={}", self.late_commits),
            ]);
        }
        flags
    }
}

/// Installs and builds what is missing and runs the chaos.
///
/// # Errors
/// If a tool cannot be installed, something does not compile, or a guarantee does not hold.
pub fn run(arguments: &Arguments) -> Result<()> {
    tools::ensure()?;
    build::all()?;
    let mut chaos = Command::new("cargo");
    chaos
        .args(["run", "--quiet", "--profile", "load"])
        .args(["--package", "redrive-tests", "--bin", "chaos", "--"])
        .args(arguments.flags())
        .current_dir(checkout::root());
    process::run(&mut chaos)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Arguments;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn read(flags: &[String]) -> Arguments {
        let line = std::iter::once("chaos").chain(flags.iter().map(String::as_str));
        Line::try_parse_from(line).unwrap().arguments
    }

    #[test]
    fn arguments_survive_being_handed_on() {
        for line in [
            "",
            "--jobs=500 --faults=0 --binding-faults=7 --kills=1 --late-commits=2 --seed=4000000000 --clients=3",
            "--storm-seconds=60 --jobs=9",
        ] {
            let flags: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let arguments = read(&flags);
            let again = read(&arguments.flags());
            assert_eq!(format!("{again:?}"), format!("{arguments:?}"));
        }
    }

    #[test]
    fn storm_takes_no_other_faults() {
        let line = ["chaos", "--storm-seconds=60", "--kills=1"];
        assert!(Line::try_parse_from(line).is_err());
    }
}
