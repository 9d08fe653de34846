//! Progress: every long step says what it does and why before it starts, and how long it took
//! when it ends.

use std::fmt::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::Result;

/// How often a step that prints nothing by itself says that it still runs.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The steps of one command and what became of them, for the table at the end.
#[derive(Debug, Default)]
pub struct Steps {
    done: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: String,
    took: Duration,
    passed: bool,
}

impl Steps {
    /// No steps yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs one step and stops the command if it fails.
    ///
    /// # Errors
    /// What the step itself answers.
    pub fn run<T>(&mut self, name: &str, why: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("==> {name}: {why}");
        let start = Instant::now();
        let outcome = step();
        let took = start.elapsed();
        let passed = outcome.is_ok();
        println!(
            "==> {name}: {} in {}",
            if passed { "done" } else { "FAILED" },
            seconds(took)
        );
        self.done.push(Step {
            name: name.to_owned(),
            took,
            passed,
        });
        outcome
    }

    /// Runs one step; a failure is printed and kept for [`Steps::verdict`], and the command goes on.
    pub fn attempt(&mut self, name: &str, why: &str, step: impl FnOnce() -> Result<()>) {
        if let Err(error) = self.run(name, why, step) {
            eprintln!("    {error:#}");
        }
    }

    /// The steps, their times and their outcome, one a line.
    #[must_use]
    pub fn table(&self) -> String {
        let width = self
            .done
            .iter()
            .map(|step| step.name.len())
            .max()
            .unwrap_or(0)
            .max("total".len());
        let mut table = String::new();
        for step in &self.done {
            let outcome = if step.passed { "ok" } else { "FAILED" };
            // Writing to a string cannot fail.
            _ = writeln!(
                table,
                "{:width$}  {:>8}  {outcome}",
                step.name,
                seconds(step.took)
            );
        }
        let total = self.done.iter().map(|step| step.took).sum();
        _ = writeln!(table, "{:width$}  {:>8}", "total", seconds(total));
        table
    }

    /// The steps and their times in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let steps: Vec<String> = self
            .done
            .iter()
            .map(|step| format!("{} {}", step.name, seconds(step.took)))
            .collect();
        steps.join(", ")
    }

    /// # Errors
    /// Names the steps that failed, if any did.
    pub fn verdict(&self) -> Result<()> {
        let failed: Vec<&str> = self
            .done
            .iter()
            .filter(|step| !step.passed)
            .map(|step| step.name.as_str())
            .collect();
        anyhow::ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
        Ok(())
    }
}

/// Runs something that takes long and prints nothing, and says now and then that it still runs.
pub(crate) fn with_heartbeat<T>(what: &str, long: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    std::thread::scope(|scope| {
        // Dropped when `long` returns or panics, which ends the thread.
        let (running, ended) = mpsc::channel::<()>();
        scope.spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(HEARTBEAT) {
                println!("    … {what}: {} so far", seconds(start.elapsed()));
            }
        });
        let outcome = long();
        drop(running);
        outcome
    })
}

/// A duration for a person: `0.4 s`, `72.0 s`, `3 min 12 s`.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(100) {
        return format!("{:.1} s", duration.as_secs_f64());
    }
    let whole = duration.as_secs();
    format!("{} min {} s", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_step_does_not_stop_the_ones_after_it_and_is_named() {
        let mut steps = Steps::new();
        let mut ran = false;
        steps.attempt("format", "why", || anyhow::bail!("two files differ"));
        steps.attempt("lints", "why", || {
            ran = true;
            Ok(())
        });
        assert!(ran);
        assert_eq!(steps.verdict().unwrap_err().to_string(), "failed: format");
        assert!(steps.table().contains("FAILED"));
    }

    #[test]
    fn long_durations_are_written_in_minutes() {
        assert_eq!(seconds(Duration::from_millis(449)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(192)), "3 min 12 s");
    }
}
