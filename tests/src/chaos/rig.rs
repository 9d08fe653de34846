//! What a run stands on: a provider, a stack whose bindings fail, and a cron.
#![expect(
    clippy::print_stderr,
    reason = "a long run tells a person how far it is"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;
use tokio::task::{AbortHandle, spawn_blocking};
use xtask::checkout;
use xtask::faults::Faults;
use xtask::provider::Provider;
use xtask::providers::Providers;
use xtask::stack::{Stack, StackOptions};

use super::api::Api;
use super::batches::{self, Batch};
use super::database::{self, History, Snapshot};
use crate::poll;
use crate::simulator::{Options, Simulator};

/// The Workers' lengths of time, short enough for a run of minutes.
const SETTINGS: [(&str, &str); 4] = [
    ("ATTEMPT_TIMEOUT_SECONDS", "3"),
    ("LEASE_MARGIN_SECONDS", "10"),
    ("SWEEP_GRACE_SECONDS", "5"),
    ("OPENAI_API_KEY", "simulated"),
];
/// Between two runs of the sweep.
const CRON: Duration = Duration::from_secs(1);

/// A stack with its provider.
pub(super) struct Rig {
    // Fields are dropped in this order: the runtime before what it calls.
    stack: Arc<Mutex<Stack>>,
    simulator: Simulator,
    state: PathBuf,
    /// The API, with a key.
    pub(super) api: Api,
}

impl Rig {
    /// Starts a stack on an empty folder in `.redrive/`. Its bindings do not fail yet.
    pub(super) async fn start(folder: &str, provider: Options) -> Result<Self> {
        let simulator = Simulator::start(provider)?;
        let mut options = StackOptions::new(checkout::path(".redrive").join(folder));
        options.fresh = true;
        options.faults = Some(Faults::default());
        options.vars = SETTINGS
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>();
        let url = simulator.url();
        let providers = Providers::compatible("openai_compatible", &url, "sim-ok")?;
        options.provider = Provider::Given(providers);
        let stack = spawn_blocking(|| Stack::start(options)).await??;
        let api = Api::new(stack.url(), stack.admin_key()).await?;
        Ok(Self {
            state: stack.state_dir().to_owned(),
            stack: Arc::new(Mutex::new(stack)),
            simulator,
            api,
        })
    }

    /// Changes what goes wrong at the bindings.
    pub(super) async fn set_faults(&self, faults: Faults) -> Result<()> {
        self.on_stack(|stack| stack.set_faults(faults)).await
    }

    /// Kills the runtime and waits until it is back.
    pub(super) async fn crash(&self) -> Result<()> {
        self.on_stack(Stack::crash).await
    }

    /// Ends every process of the stack.
    pub(super) async fn stop(self) -> Result<()> {
        // What it waits for must not hold up the simulator, which is called until then.
        spawn_blocking(move || drop(self.stack)).await?;
        Ok(())
    }

    /// Runs the sweep again and again, until the handle is told to abort.
    pub(super) fn fire_cron(&self) -> AbortHandle {
        let api = self.api.clone();
        let cron = tokio::spawn(async move {
            loop {
                api.sweep().await;
                tokio::time::sleep(CRON).await;
            }
        });
        cron.abort_handle()
    }

    /// What the database holds of every job.
    pub(super) async fn snapshot(&self) -> Result<Snapshot> {
        let state = self.state.clone();
        spawn_blocking(move || database::snapshot(&state)).await?
    }

    /// What every job has been through, as the database holds it.
    pub(super) async fn histories(&self) -> Result<Vec<History>> {
        let state = self.state.clone();
        spawn_blocking(move || database::histories(&state)).await?
    }

    /// How many batches have not ended, as the database holds it.
    pub(super) async fn unended_batches(&self) -> Result<u32> {
        let state = self.state.clone();
        spawn_blocking(move || batches::unended(&state)).await?
    }

    /// Every batch, as the database holds it.
    pub(super) async fn batches(&self) -> Result<Vec<Batch>> {
        let state = self.state.clone();
        spawn_blocking(move || batches::read(&state)).await?
    }

    /// What the runtime and the Workers have printed.
    pub(super) async fn log(&self) -> Result<String> {
        self.on_stack(|stack| stack.log()).await
    }

    /// What the provider tells under a path below `/control`.
    pub(super) async fn ask_provider(&self, path: &str) -> Result<Value> {
        let url = format!("{}/{path}", self.simulator.control_url());
        self.api.ask_provider(url).await
    }

    /// Waits until what is still on its way has come: calls of the provider, and messages that were
    /// delayed by this many seconds.
    pub(super) async fn settle(&self, seconds: u32) -> Result<()> {
        tokio::time::sleep(Duration::from_secs(u64::from(seconds) + 1)).await;
        poll::until("the provider's calls end", async || {
            let calls = self.ask_provider("calls").await?;
            Ok((calls.get("inFlight").and_then(Value::as_u64) == Some(0)).then_some(()))
        })
        .await
    }

    /// The stack blocks while it works, so that it must not do so on the thread of the clients.
    async fn on_stack<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Stack) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let stack = Arc::clone(&self.stack);
        spawn_blocking(move || work(&mut lock(&stack)))
            .await
            .context("the stack's thread panicked")?
    }
}

fn lock(stack: &Mutex<Stack>) -> MutexGuard<'_, Stack> {
    stack.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells a person how far the run is.
pub(super) fn say(line: &str) {
    eprintln!("chaos: {line}");
}

/// Tells a person how far the run is, but not all the time.
#[derive(Debug, Default)]
pub(super) struct Progress(Option<Instant>);

impl Progress {
    /// Says the line, unless another one was said just now.
    pub(super) fn say(&mut self, line: impl FnOnce() -> String) {
        const PAUSE: Duration = Duration::from_secs(5);
        if self.0.is_none_or(|said| said.elapsed() >= PAUSE) {
            self.0 = Some(Instant::now());
            say(&line());
        }
    }
}
