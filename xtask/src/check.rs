//! `cargo xtask check`: everything that can be said about the code without running it.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use toml::Table;

use crate::steps::Steps;
use crate::{checkout, executor, process, tools};

const WASM: [&str; 2] = ["--target", "wasm32-unknown-unknown"];
const DENY_WARNINGS: [&str; 3] = ["--", "-D", "warnings"];

/// Runs every check, also after one has failed, and prints how long each took.
///
/// # Errors
/// Names the checks that failed.
pub fn run() -> Result<()> {
    let mut steps = Steps::new();
    steps.run("set-up", "install the tools that are missing", || {
        tools::ensure()?;
        tools::ensure_checkers()
    })?;
    steps.attempt("versions", "tools and libraries that must agree do", || {
        let lock = fs::read_to_string(checkout::path("Cargo.lock"))?;
        versions_agree(&lock)
    });
    steps.attempt("format", "rustfmt leaves every file as it is", || {
        cargo(&["fmt", "--all", "--check"])
    });
    steps.attempt(
        "clippy",
        "lints of what runs natively, tests included",
        || {
            let native = ["clippy", "--workspace", "--all-targets", "--all-features"];
            cargo(&[&native[..], &DENY_WARNINGS].concat())
        },
    );
    steps.attempt("clippy wasm32", "lints of what the Workers compile", || {
        let workers = [
            "clippy",
            "--package=redrive-shared",
            "--package=redrive-producer",
            "--package=redrive-consumer",
            "--package=redrive-store-worker",
            "--features=redrive-shared/cloudflare",
        ];
        cargo(&[&workers[..], &WASM, &DENY_WARNINGS].concat())
    });
    steps.attempt(
        "executor",
        "the same for what runs submitted code",
        executor,
    );
    steps.attempt("docs", "every link in the docs leads somewhere", || {
        let mut doc = Command::new("cargo");
        doc.args([
            "doc",
            "--workspace",
            "--all-features",
            "--no-deps",
            "--quiet",
        ])
        .env("RUSTDOCFLAGS", "-D warnings")
        .current_dir(checkout::root());
        process::run(&mut doc)
    });
    steps.attempt("deny", "licenses, bans and sources of dependencies", || {
        let mut deny = Command::new(tools::CARGO_DENY.path());
        deny.args(["--all-features", "check", "licenses", "bans", "sources"])
            .current_dir(checkout::root());
        process::run(&mut deny)
    });
    steps.attempt("machete", "no dependency is unused", || {
        process::run(Command::new(tools::CARGO_MACHETE.path()).current_dir(checkout::root()))
    });
    println!("\n{}", steps.table());
    steps.verdict()
}

/// Format, lints and dependencies of the executor's workspace.
fn executor() -> Result<()> {
    let workspace = executor::workspace();
    let cargo = |arguments: &[&str]| {
        process::run(
            Command::new("cargo")
                .args(arguments)
                .current_dir(&workspace),
        )
    };
    cargo(&["fmt", "--all", "--check"])?;
    let target = ["--target", executor::TARGET];
    // Released code: with debug assertions Python's parser needs a newer compiler.
    let clippy = [
        "clippy",
        "--release",
        "--locked",
        "--workspace",
        "--all-targets",
        executor::ANY_RUST,
    ];
    cargo(&[&clippy[..], &target, &DENY_WARNINGS].concat())?;
    let mut deny = Command::new(tools::CARGO_DENY.path());
    // By the workspace's own deny.toml.
    deny.args(["check", "licenses", "bans", "sources"])
        .current_dir(&workspace);
    process::run(&mut deny)
}

fn cargo(arguments: &[&str]) -> Result<()> {
    process::run(
        Command::new("cargo")
            .args(arguments)
            .current_dir(checkout::root()),
    )
}

/// `wasm-bindgen` and its command must be of one version, and so must `worker` and `worker-build`.
fn versions_agree(lock: &str) -> Result<()> {
    for (library, tool) in [
        ("wasm-bindgen", tools::WASM_BINDGEN.version),
        ("worker", tools::WORKER_BUILD.version),
    ] {
        let locked = locked_version(lock, library)?;
        ensure!(
            locked == tool,
            "Cargo.lock has {library} {locked}, but xtask/src/tools.rs installs the tool of {tool}"
        );
    }
    Ok(())
}

fn locked_version(lock: &str, package: &str) -> Result<String> {
    let lock: Table = toml::from_str(lock).context("cannot parse Cargo.lock")?;
    lock.get("package")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .find(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))
        .and_then(|entry| entry.get("version")?.as_str().map(str::to_owned))
        .with_context(|| format!("Cargo.lock has no {package}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_agree_with_the_lock_file() {
        let lock = fs::read_to_string(checkout::path("Cargo.lock")).unwrap();
        versions_agree(&lock).unwrap();
    }

    #[test]
    fn disagreement_names_both_versions() {
        let lock = "[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.1.0\"\n";
        let error = versions_agree(lock).unwrap_err().to_string();
        assert!(error.contains("0.1.0") && error.contains(tools::WASM_BINDGEN.version));
    }
}
