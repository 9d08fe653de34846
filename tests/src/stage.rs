//! What an end-to-end test stands on: both Workers on the real runtime, providers that misbehave
//! on request, and ways to look in from outside.

mod batches;
mod database;
mod executor;
mod faults;
mod provider;
mod providers;
mod secrets;
mod store;
mod watchdog;
mod watched;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use xtask::faults::Faults;
use xtask::provider::Provider;
use xtask::stack::StackOptions;

use crate::client::{Client, PROMPT_MARK, field, text};
use crate::poll;
use crate::simulator::{Options, Simulator};

pub use batches::FileRows;
pub use database::JobRow;
pub use executor::{ExecutorStage, MEMORY_BYTES};
pub use faults::Mark;
pub use store::StoreStage;

use secrets::{PROMPTS, Secrets};
use watched::Watched;

/// What API keys are hashed with.
const KEY_HASH_SECRET: &str = "c4n4ry-key-hash-secret-0123456789-abcdef";
/// Lengths of time that a test can wait for: calls end after 4 s, leases 8 s later, and a message
/// counts as lost after 1 s.
pub const SHORT: [(&str, &str); 3] = [
    ("ATTEMPT_TIMEOUT_SECONDS", "4"),
    ("LEASE_MARGIN_SECONDS", "8"),
    ("SWEEP_GRACE_SECONDS", "1"),
];
/// The part of the calls of random models that get a fault, unless a test says otherwise.
const FAULT_RATE: f64 = 0.2;
/// The queue that carries jobs.
pub const JOBS: &str = "redrive-jobs";
/// The queue that carries the jobs of batches.
pub const BULK_JOBS: &str = "redrive-bulk-jobs";
/// The queue that carries the steps that batches take.
pub const TASKS: &str = "redrive-tasks";
/// The queue that carries word of dead letters.
pub const DEAD_LETTERS: &str = "redrive-dead-letters";

/// A running pipeline with its providers.
pub struct Stage {
    // Fields are dropped in this order: the runtime before what it calls.
    watched: Watched,
    simulator: Simulator,
    secrets: Secrets,
}

/// A tenant with a key that may read and write jobs.
#[derive(Debug)]
pub struct Tenant {
    /// The tenant's id.
    pub id: String,
    /// The key's id, which is not the key.
    pub key_id: String,
    /// A client with the key.
    pub client: Client,
}

impl Tenant {
    /// A message for a job of the tenant, as the queue delivers it for the `deliveries`th time.
    #[must_use]
    pub fn message(&self, job: &str, deliveries: u32) -> Value {
        let body = json!({"v": 1, "job": job, "tenant": self.id}).to_string();
        json!({"id": format!("{job}-message"), "body": body, "attempts": deliveries})
    }
}

impl Stage {
    /// Starts a pipeline with an empty state; `name` is that of its folder in `.redrive/tests/`.
    /// The Workers must have been built. `settings` are variables and secrets of the Workers that
    /// differ from what a stage has.
    ///
    /// # Errors
    /// When the provider or the stack does not start.
    pub fn start(name: &str, settings: &[(&str, &str)]) -> Result<Self> {
        Self::start_with(name, settings, FAULT_RATE, |_| {})
    }

    /// Starts a pipeline as [`Self::start`] does, whose bindings [`Self::set_faults`] can have fail.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_faulty(name: &str, settings: &[(&str, &str)]) -> Result<Self> {
        Self::start_unreliable(name, settings, FAULT_RATE)
    }

    /// Starts a pipeline as [`Self::start_faulty`] does, whose provider gives this part of the calls of
    /// its random models a fault.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_unreliable(
        name: &str,
        settings: &[(&str, &str)],
        fault_rate: f64,
    ) -> Result<Self> {
        Self::start_with(name, settings, fault_rate, |options| {
            options.faults = Some(Faults::default());
        })
    }

    /// Starts a pipeline as [`Self::start_faulty`] does, which keeps files in a bucket.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with_bucket(name: &str, settings: &[(&str, &str)]) -> Result<Self> {
        Self::start_with(name, settings, FAULT_RATE, |options| {
            options.faults = Some(Faults::default());
            options.bucket = true;
        })
    }

    fn start_with(
        name: &str,
        settings: &[(&str, &str)],
        fault_rate: f64,
        set: impl FnOnce(&mut StackOptions),
    ) -> Result<Self> {
        let simulator = Simulator::start(Options {
            require_key: Some(providers::DEFAULT_KEY.to_owned()),
            customers: providers::customers(),
            fault_rate,
            ..Options::default()
        })?;
        let providers = providers::providers(&simulator)?;
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut vars: BTreeMap<_, _> = providers::secrets().map(owned).collect();
        vars.extend([
            owned(("KEY_HASH_SECRET", KEY_HASH_SECRET)),
            providers::workers_ai_url(&simulator),
        ]);
        vars.extend(settings.iter().copied().map(owned));
        let watched = Watched::start(name, |options| {
            options.vars = vars;
            options.provider = Provider::Given(providers);
            options.services = vec![providers::workers_ai()];
            set(options);
        })?;
        let secrets = Secrets::default();
        secrets.add(PROMPTS, PROMPT_MARK);
        for (name, value) in providers::secrets() {
            secrets.add(name, value);
        }
        secrets.add("the secret that hashes keys", KEY_HASH_SECRET);
        secrets.add("the operator's key", watched.stack.admin_key());
        Ok(Self {
            watched,
            simulator,
            secrets,
        })
    }

    /// A client of the API with this key, or without one.
    ///
    /// # Errors
    /// When there is no way to make HTTP calls.
    pub fn client(&self, key: Option<&str>) -> Result<Client> {
        Client::new(self.watched.stack.url(), key.map(str::to_owned))
    }

    /// A client with the operator's key.
    ///
    /// # Errors
    /// As [`Self::client`].
    pub fn operator(&self) -> Result<Client> {
        self.client(Some(self.watched.stack.admin_key()))
    }

    /// Makes a tenant of the test's own.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn tenant(&self) -> Result<Tenant> {
        let tenant = json!({"name": "a tenant of a test"});
        let tenant = self
            .operator()?
            .post("/api/v1/admin/tenants", &tenant)
            .await?
            .json(201)?;
        let id = text(&tenant, "tenantId")?;
        let (key_id, key) = self.key(&id, &["jobs:read", "jobs:write"]).await?;
        let client = self.client(Some(&key))?;
        Ok(Tenant { id, key_id, client })
    }

    /// Makes a key of a tenant, and gives back its id and the key itself.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn key(&self, tenant: &str, scopes: &[&str]) -> Result<(String, String)> {
        let wanted = json!({"tenantId": tenant, "name": "a key of a test", "scopes": scopes});
        let made = self
            .operator()?
            .post("/api/v1/admin/keys", &wanted)
            .await?
            .json(201)?;
        let key = text(&made, "key")?;
        self.secrets.add("an API key", key.as_str());
        Ok((text(&made, "keyId")?, key))
    }

    /// Where the API is: host and port.
    ///
    /// # Errors
    /// When the stack's URL is not of that form.
    pub fn authority(&self) -> Result<String> {
        let url = self.watched.stack.url();
        let authority = url.strip_prefix("http://").context("the URL is not http")?;
        Ok(authority.to_owned())
    }

    /// Runs the sweep once, as the platform's cron would.
    ///
    /// # Errors
    /// When it does not run to its end.
    pub async fn sweep(&self) -> Result<()> {
        sweep(self.client(None)?).await
    }

    /// The same, while the caller does something else.
    ///
    /// # Errors
    /// When there is no way to make HTTP calls.
    pub fn sweeping(&self) -> Result<JoinHandle<Result<()>>> {
        Ok(tokio::spawn(sweep(self.client(None)?)))
    }

    /// Hands messages straight to the consumer, past the queue, and gives back what became of them
    /// as the runtime tells it.
    ///
    /// # Errors
    /// When the consumer does not answer.
    pub async fn deliver(&self, queue: &str, messages: &Value) -> Result<Value> {
        deliver(
            self.client(None)?,
            json!({"queue": queue, "messages": messages}),
        )
        .await
    }

    /// The same, while the caller does something else.
    ///
    /// # Errors
    /// When there is no way to make HTTP calls.
    pub fn delivering(&self, queue: &str, messages: &Value) -> Result<JoinHandle<Result<Value>>> {
        let delivery = json!({"queue": queue, "messages": messages});
        Ok(tokio::spawn(deliver(self.client(None)?, delivery)))
    }

    /// The Workers' events in the log that name this value in this field, the earliest first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn events(&self, name: &str, value: &str) -> Result<Vec<Value>> {
        self.events_since(Mark::default(), name, value)
    }

    /// Sees to it that the log holds no secret: no prompt, no answer, no key.
    ///
    /// # Errors
    /// When it does, with the numbers of the lines.
    pub async fn check_log(&self) -> Result<()> {
        // The log is written a little later: with this request's event in it, what came before is
        // there as well.
        let last = self.client(None)?.get("/api/health").await?;
        let id = last.header("x-request-id");
        poll::until("the log is written", async || {
            Ok(self.events("request.id", id)?.pop())
        })
        .await?;
        let found = self.secrets.found_in(&self.watched.stack.log()?);
        let file = self.watched.stack.log_file();
        ensure!(found.is_empty(), "{}: {found:#?}", file.display());
        Ok(())
    }

    /// Sees to it that a text, which was answered at `place`, holds no key.
    ///
    /// # Errors
    /// When it does, with the names of the keys.
    pub fn check_text(&self, place: &str, text: &str) -> Result<()> {
        let keys = self.secrets.keys_in(text);
        ensure!(keys.is_empty(), "{place} tells {keys:?}");
        Ok(())
    }

    /// Whether the files of both D1 and KV hold a job.
    ///
    /// # Errors
    /// When they hold a key, or are not where they should be.
    pub fn storage_holds(&self, job: &str) -> Result<bool> {
        let mut both = true;
        for (store, folder) in [("D1", "v3/d1"), ("KV", "v3/kv")] {
            let contents = self.watched.contents(folder)?;
            let keys: Vec<&str> = contents
                .iter()
                .flat_map(|text| self.secrets.keys_in(text))
                .collect();
            ensure!(keys.is_empty(), "{store} holds {keys:?}");
            both &= contents.iter().any(|text| text.contains(job));
        }
        Ok(both)
    }

    /// Kills the runtime as a power cut would, and starts it again. What the queue held is lost.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn crash(&mut self) -> Result<()> {
        self.watched.stack.crash()
    }
}

async fn sweep(client: Client) -> Result<()> {
    let fired = client.post("/__local/cron", &json!({})).await?.json(200)?;
    ensure!(
        field(&fired, "outcome") == "ok",
        "the sweep failed: {fired}"
    );
    Ok(())
}

async fn deliver(client: Client, delivery: Value) -> Result<Value> {
    client.post("/__local/queue", &delivery).await?.json(200)
}
