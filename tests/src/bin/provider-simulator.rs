//! `provider-simulator`: a provider of several wire formats that misbehaves on request.
//!
//! It prints one line, `ready: http://127.0.0.1:PORT/v1`, when it listens, and runs until Ctrl-C
//! or SIGTERM. The other vendors stand under the same port. With `--models` it prints what its
//! models do, and ends. The rest stands at `redrive_tests::simulator`.

use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use redrive_tests::simulator::{Model, Options, Simulator, models};

/// A provider of several wire formats that misbehaves on request.
#[derive(Parser)]
struct Arguments {
    /// The port of 127.0.0.1 to listen on; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// What the faults of sim-random are drawn from
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How long every good answer takes, in milliseconds
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// The probability, from 0 to 1, that a call of sim-random gets a fault
    #[arg(long, default_value_t = 0.2)]
    fault_rate: f64,
    /// The key that every call must carry, in the header of the vendor it calls
    #[arg(long, value_name = "KEY")]
    require_key: Option<String>,
    /// Print every model with its row, its vendors and what it does, and end
    #[arg(long)]
    models: bool,
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        Self {
            port: arguments.port,
            seed: arguments.seed,
            latency: Duration::from_millis(arguments.latency_ms),
            fault_rate: arguments.fault_rate,
            require_key: arguments.require_key,
            ..Self::default()
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut stdout = std::io::stdout();
    if arguments.models {
        for model in models() {
            writeln!(stdout, "{}", line(&model))?;
        }
        return Ok(());
    }
    let mut stop = Stop::new().context("cannot listen for signals")?;
    let simulator = Simulator::start(arguments.into())?;
    writeln!(stdout, "ready: {}", simulator.url())?;
    stdout.flush()?;
    stop.wanted().await.context("cannot listen for signals")
}

/// One line of the list: name, row, vendors and what it does, with tabs between.
fn line(model: &Model) -> String {
    let row = model.row.map_or("-".to_owned(), |row| row.to_string());
    let vendors: Vec<String> = model.vendors.iter().map(ToString::to_string).collect();
    format!(
        "{}\t{row}\t{}\t{}",
        model.name,
        vendors.join(","),
        model.does
    )
}

/// The signals that end the simulator.
#[cfg(unix)]
struct Stop(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Stop {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate()).map(Self)
    }

    async fn wanted(&mut self) -> std::io::Result<()> {
        tokio::select! {
            _ = self.0.recv() => Ok(()),
            result = tokio::signal::ctrl_c() => result,
        }
    }
}

/// The signals that end the simulator.
#[cfg(not(unix))]
struct Stop;

#[cfg(not(unix))]
impl Stop {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn wanted(&mut self) -> std::io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;
    use redrive_tests::simulator::{Options, models};

    use super::{Arguments, line};

    fn options(arguments: &[&str]) -> Options {
        let arguments = [&["provider-simulator"], arguments].concat();
        Arguments::try_parse_from(arguments).unwrap().into()
    }

    #[test]
    fn defaults_are_those_of_the_library() {
        let (given, default) = (options(&[]), Options::default());
        assert_eq!(given.port, default.port);
        assert_eq!(given.seed, default.seed);
        assert_eq!(given.latency, default.latency);
        assert!((given.fault_rate - default.fault_rate).abs() < f64::EPSILON);
        assert_eq!(given.require_key, default.require_key);
    }

    #[test]
    fn every_flag_sets_its_option() {
        let given = options(&[
            "--port=8099",
            "--seed=5",
            "--latency-ms=40",
            "--fault-rate=0.75",
            "--require-key=sk-x",
        ]);
        assert_eq!(given.port, 8099);
        assert_eq!(given.seed, 5);
        assert_eq!(given.latency, Duration::from_millis(40));
        assert!((given.fault_rate - 0.75).abs() < f64::EPSILON);
        assert_eq!(given.require_key.as_deref(), Some("sk-x"));
    }

    #[test]
    fn list_tells_name_row_vendors_and_what_a_model_does() {
        let lines: Vec<String> = models().iter().map(line).collect();
        let expected = "sim-row-44\t44\tworkers-ai\t3036: the free allocation of the day";
        assert!(lines.iter().any(|line| line == expected));
        assert!(lines.iter().all(|line| line.split('\t').count() == 4));
    }
}
