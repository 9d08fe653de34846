//! The command `redrive`.

use std::process::ExitCode;

fn main() -> ExitCode {
    redrive_cli::run(std::env::args_os())
}
