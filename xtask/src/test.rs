//! `cargo xtask test`: every test, with what they need built before them.

use std::process::Command;

use anyhow::Result;

use crate::steps::Steps;
use crate::{build, checkout, executor, process, tools};

/// Installs, builds, and runs the tests of the workspace with these arguments, also after a test has
/// failed.
///
/// # Errors
/// If a tool cannot be installed, something does not compile, or a test fails.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new();
    steps.run(
        "set-up",
        "install the tools that are missing",
        tools::ensure,
    )?;
    steps.attempt("sdks", "install OpenAI's own SDKs", tools::ensure_sdks);
    steps.run("build", "compile the Workers to Wasm", build::for_tests)?;
    steps.attempt("tests", "run every test of the workspace", || {
        let mut test = Command::new("cargo");
        // The command's HTTP client speaks TLS, which would be built into that of the tests as well,
        // and nobody there tells it by which library.
        test.args(["test", "--workspace", "--exclude", "redrive-cli"])
            .arg("--no-fail-fast")
            .args(arguments)
            .current_dir(checkout::root());
        process::run(&mut test)
    });
    steps.attempt("cli", "run the tests of the command", || {
        let mut test = Command::new("cargo");
        test.args(["test", "--package", "redrive-cli", "--no-fail-fast"])
            .current_dir(checkout::root());
        process::run(&mut test)
    });
    steps.attempt("executor", "run the tests of what its guests share", || {
        let mut test = Command::new("cargo");
        test.args(["test", "--package", "redrive-guest"])
            .current_dir(executor::workspace());
        process::run(&mut test)
    });
    println!("==> {}", steps.line());
    steps.verdict()
}
