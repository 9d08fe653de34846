//! The executors as they ship, each alone on the real runtime, called as the consumer calls them.
//!
//! Run by `cargo xtask test`, which installs the tools first.
#![expect(
    clippy::indexing_slicing,
    reason = "a test that meets another document than it expects fails"
)]

mod contract;
mod javascript;
mod limits;
mod python;

use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow};
use redrive_tests::stage::ExecutorStage;
use serde_json::Value;
use tokio::runtime::Builder;
use xtask::executor::{Guest, JAVASCRIPT, PYTHON};

/// A stage, or why it did not start: the tests that come later are told as well.
type Started = OnceLock<Result<ExecutorStage, String>>;

/// Runs a test on the executor of JavaScript, which all tests share. They run side by side.
fn javascript(test: impl AsyncFnOnce(&ExecutorStage) -> Result<()>) -> Result<()> {
    static STAGE: Started = OnceLock::new();
    on(&STAGE, JAVASCRIPT, test)
}

/// The same on the executor of Python.
fn python(test: impl AsyncFnOnce(&ExecutorStage) -> Result<()>) -> Result<()> {
    static STAGE: Started = OnceLock::new();
    on(&STAGE, PYTHON, test)
}

fn on(
    stage: &'static Started,
    guest: Guest,
    test: impl AsyncFnOnce(&ExecutorStage) -> Result<()>,
) -> Result<()> {
    let started =
        stage.get_or_init(|| ExecutorStage::start(guest).map_err(|error| format!("{error:#}")));
    let stage = started
        .as_ref()
        .map_err(|error| anyhow!("the executor did not start: {error}"))?;
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime
        .context("cannot make a runtime for the test")?
        .block_on(test(stage))
}

/// Sees to it that a run went well and wrote this.
fn assert_wrote(run: &Value, stdout: &str) {
    assert_eq!(run["stdout"], stdout, "{run}");
    assert_eq!(run["stderr"], "", "{run}");
    assert_eq!(run["exitCode"], 0, "{run}");
    assert_eq!(run.get("limit"), None, "{run}");
}

/// Sees to it that standard error holds all of these.
fn assert_told(run: &Value, parts: &[&str]) {
    let stderr = run["stderr"].as_str().unwrap_or_default();
    for part in parts {
        assert!(stderr.contains(part), "no {part:?} in {stderr:?}");
    }
}
