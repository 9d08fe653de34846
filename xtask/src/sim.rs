//! `cargo xtask sim`: random worlds against the invariants, natively.

use std::process::Command;

use anyhow::Result;

use crate::{checkout, process};

/// Runs the simulation with these arguments. It needs neither the Workers nor a tool.
///
/// # Errors
/// If something does not compile, or an invariant breaks.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut sim = Command::new("cargo");
    sim.args([
        "run",
        "--profile",
        "load",
        "--package",
        "redrive-tests",
        "--bin",
        "sim",
        "--",
    ])
    .args(arguments)
    .current_dir(checkout::root());
    process::run(&mut sim)
}
