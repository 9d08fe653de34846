//! The stages that the tests share. They end with the process; see `redrive_tests::stage`.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use redrive_tests::stage::{SHORT, Stage};
use tokio::runtime::Builder;
use xtask::build;

/// A stage, or why it did not start: the tests that come later are told as well.
type Started = Result<Stage, String>;

/// Runs a test side by side with others. It makes a tenant of its own, and keeps the queue moving.
///
/// After every test the log is held to be free of secrets, so the last one sees all of it.
pub(crate) fn shared(test: impl AsyncFnOnce(&Stage) -> Result<()>) -> Result<()> {
    static STAGE: OnceLock<Started> = OnceLock::new();
    let stage = started(STAGE.get_or_init(|| start("shared", &[])).as_ref())?;
    block_on(async {
        test(stage).await?;
        stage.check_log().await
    })
}

/// Runs a test that has a stage to itself while it runs, so that it may hold up the queue or crash
/// the runtime. Lengths of time are [`SHORT`].
pub(crate) fn alone(test: impl AsyncFnOnce(&mut Stage) -> Result<()>) -> Result<()> {
    static STAGE: OnceLock<Mutex<Started>> = OnceLock::new();
    let stage = STAGE.get_or_init(|| Mutex::new(start("alone", &SHORT)));
    // A test that failed may have left calls and jobs behind; the calls end by themselves.
    let mut stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
    let stage = started(stage.as_mut())?;
    block_on(async {
        test(stage).await?;
        stage.check_log().await
    })
}

/// Runs a test that has a stage to itself while it runs, and may have its bindings fail, hold up the
/// queue or crash the runtime. Lengths of time are [`SHORT`].
///
/// There are two such stages, so that one test goes on while another one waits.
pub(crate) fn faulty(test: impl AsyncFnOnce(&mut Stage) -> Result<()>) -> Result<()> {
    static STAGES: [(&str, Mutex<Option<Started>>); 2] = [
        ("faulty-one", Mutex::new(None)),
        ("faulty-two", Mutex::new(None)),
    ];
    let (name, mut stage) = first_free(&STAGES);
    let stage = stage.get_or_insert_with(|| start_by(|| Stage::start_faulty(name, &SHORT)));
    let stage = started(stage.as_mut())?;
    block_on(async {
        // A test that failed may have left faults behind.
        stage.recover()?;
        test(stage).await?;
        stage.recover()?;
        stage.check_log().await
    })
}

/// As [`faulty`], on a stage that keeps files in a bucket.
pub(crate) fn with_bucket(test: impl AsyncFnOnce(&mut Stage) -> Result<()>) -> Result<()> {
    static STAGE: OnceLock<Mutex<Started>> = OnceLock::new();
    let start = || start_by(|| Stage::start_with_bucket("with-bucket", &SHORT));
    let mut stage = STAGE
        .get_or_init(|| Mutex::new(start()))
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let stage = started(stage.as_mut())?;
    block_on(async {
        stage.recover()?;
        test(stage).await?;
        stage.recover()?;
        stage.check_log().await
    })
}

/// Waits until nobody has one of these stages, and takes it.
fn first_free<T>(
    stages: &'static [(&'static str, Mutex<T>)],
) -> (&'static str, MutexGuard<'static, T>) {
    loop {
        for (name, stage) in stages {
            match stage.try_lock() {
                Ok(stage) => return (name, stage),
                Err(TryLockError::Poisoned(stage)) => return (name, stage.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        sleep(Duration::from_millis(50));
    }
}

/// Runs a test on a stage of its own whose provider has no key.
pub(crate) fn without_provider(test: impl AsyncFnOnce(&Stage) -> Result<()>) -> Result<()> {
    let settings = [("OPENAI_API_KEY", "")];
    let stage = started(start("without-provider", &settings))?;
    block_on(async {
        test(&stage).await?;
        stage.check_log().await
    })
}

/// Runs a test on a stage of its own that was told of its providers with two mistakes.
pub(crate) fn with_mistakes(test: impl AsyncFnOnce(&Stage) -> Result<()>) -> Result<()> {
    let providers = r#"{"default_providers":["b"],"providers":{"a":{"kind":"openai"}}}"#;
    let stage = started(start("with-mistakes", &[("PROVIDERS", providers)]))?;
    block_on(async {
        test(&stage).await?;
        stage.check_log().await
    })
}

fn start(name: &str, settings: &[(&str, &str)]) -> Started {
    start_by(|| Stage::start(name, settings))
}

fn start_by(start: impl FnOnce() -> Result<Stage>) -> Started {
    // What is tested is what stands in the checkout. Nothing is done when it is built already.
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    BUILT
        .get_or_init(|| build::all().map_err(|error| format!("{error:#}")))
        .clone()?;
    start().map_err(|error| format!("{error:#}"))
}

fn started<S, E: std::fmt::Display>(stage: Result<S, E>) -> Result<S> {
    stage.map_err(|error| anyhow!("the stage did not start: {error}"))
}

fn block_on(test: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime
        .context("cannot make a runtime for the test")?
        .block_on(test)
}
