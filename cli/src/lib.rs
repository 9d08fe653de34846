//! The command `redrive`: submits jobs and batches, watches them, and replays what died.
//!
//! Everything that a command prints as its result goes to standard output, everything else to
//! standard error. What the server says is shown as it is with `--json`, and as tables otherwise:
//! views of the server's documents name only the fields that are shown, so that a newer server's
//! additions do no harm.

mod arguments;
mod batch;
mod client;
mod commands;
mod console;
mod documents;
mod entropy;
mod failure;
mod interrupt;
mod progress;
mod reference;
mod settings;

pub use reference::reference;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

use crate::arguments::Arguments;
use crate::console::Console;
use crate::failure::{Failure, Outcome, exit};

/// Runs the command line `arguments`, the program's name first, and gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way as well, and go to standard output.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { 0 });
        }
    };
    let console = Console::of_process(arguments.options.json);
    match carry_out(arguments, &console) {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            console.fail(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn carry_out(arguments: Arguments, console: &Console) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let outcome = runtime.block_on(commands::carry_out(arguments, console));
    // Whoever still waits for the reader of a pipe is not waited for.
    runtime.shutdown_background();
    outcome
}
