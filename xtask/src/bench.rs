//! `cargo xtask bench`: the pipeline's figures on the local runtime.

use std::process::Command;

use anyhow::Result;

use crate::{build, checkout, process, tools};

/// Installs and builds what is missing and runs the benchmark with these arguments.
///
/// # Errors
/// If a tool cannot be installed, something does not compile, or the benchmark fails.
pub fn run(arguments: &[String]) -> Result<()> {
    tools::ensure()?;
    build::all()?;
    let mut bench = Command::new("cargo");
    bench
        .args([
            "run",
            "--profile",
            "load",
            "--package",
            "redrive-tests",
            "--bin",
            "bench",
            "--",
        ])
        .args(arguments)
        .current_dir(checkout::root());
    process::run(&mut bench)
}
