//! One executor alone, called as the consumer calls it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use xtask::checkout;
use xtask::executor::Guest;
use xtask::stack::Workers;

use super::watched::Watched;
use crate::client::{Answer, Client};

/// The memory that a run may use unless a test says otherwise, in bytes.
pub const MEMORY_BYTES: u64 = 64 * 1024 * 1024;

/// A running executor.
#[derive(Debug)]
pub struct ExecutorStage {
    watched: Watched,
    language: &'static str,
}

impl ExecutorStage {
    /// Builds the guest and starts its Worker, and no other one.
    ///
    /// # Errors
    /// When it cannot be built or does not start.
    pub fn start(guest: Guest) -> Result<Self> {
        guest.build()?;
        let settings = checkout::path(&guest.configuration());
        Self::start_from(guest.language, guest.package, settings)
    }

    /// The same with a guest that does not count what it does, so that nothing ends a program.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_uncounted(guest: Guest) -> Result<Self> {
        let name = format!("{}-uncounted", guest.package);
        Self::start_from(guest.language, &name, guest.build_uncounted()?)
    }

    fn start_from(language: &'static str, name: &str, settings: PathBuf) -> Result<Self> {
        let watched = Watched::start(name, |options| {
            options.workers = Workers::Only(settings);
        })?;
        Ok(Self { watched, language })
    }

    /// A client of the Worker.
    ///
    /// # Errors
    /// When there is no way to make HTTP calls.
    pub fn client(&self) -> Result<Client> {
        Client::new(self.watched.stack.url(), None)
    }

    /// A request that runs a program once, for two seconds at most. A test changes what it is about.
    #[must_use]
    pub fn request(&self, source: &str) -> Value {
        json!({
            "language": self.language,
            "sourceCode": source,
            "runs": [{}],
            "limits": {"timeMs": 2_000, "memoryBytes": MEMORY_BYTES, "totalTimeMs": 60_000},
        })
    }

    /// Sends a request, whatever it is.
    ///
    /// # Errors
    /// When the Worker does not answer.
    pub async fn send(&self, request: &Value) -> Result<Answer> {
        self.client()?.post("/run", request).await
    }

    /// Sends a request that fits the contract, and gives back its runs.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn runs(&self, request: &Value) -> Result<Vec<Value>> {
        let answer = self.send(request).await?.json(200)?;
        let runs = answer.get("runs").and_then(Value::as_array);
        runs.cloned().context("the answer has no runs")
    }

    /// Runs a program once as [`Self::request`] has it, and gives back the run.
    ///
    /// # Errors
    /// When it is refused, or the Worker does not answer.
    pub async fn program(&self, source: &str) -> Result<Value> {
        let runs = self.runs(&self.request(source)).await?;
        runs.into_iter().next().context("the answer has no run")
    }

    /// Calls a function once for each list of arguments, and gives back the runs.
    ///
    /// # Errors
    /// As [`Self::runs`].
    pub async fn calls(
        &self,
        source: &str,
        function: &str,
        arguments: &[Value],
    ) -> Result<Vec<Value>> {
        let mut request = self.request(source);
        let runs: Vec<Value> = arguments
            .iter()
            .map(|arguments| json!({"arguments": arguments}))
            .collect();
        if let Some(request) = request.as_object_mut() {
            request.insert("functionName".to_owned(), json!(function));
            request.insert("runs".to_owned(), json!(runs));
        }
        self.runs(&request).await
    }
}
