//! One isolated local stack: the Workers on the real runtime, with D1, KV and queues of their own.
//!
//! Everything a stack has is in its state folder: the database and KV in `v3/`, its secrets, the
//! generated configurations, the log of `wrangler`, and the registry through which `wrangler`
//! processes would otherwise see each other. Stacks with different folders do not meet.
//! The queue lives in memory: [`Stack::restart`] loses what is in it, as a real crash would.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::credentials::Credentials;
use crate::faults::Faults;
use crate::process::Group;
use crate::provider::{Provider, Running};
use crate::settings;
use crate::{http, log, wrangler};

mod state;
mod trouble;

/// How long the runtime may take to answer on a machine that is busy with other stacks.
const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(50);

/// Which Workers a stack runs.
#[derive(Debug, Clone)]
pub enum Workers {
    /// The producer, the consumer and the executors, behind the local gateway. Ready when `/api/health` answers.
    Pipeline,
    /// One Worker alone, from its `wrangler.toml`. Ready when it answers at all.
    Only(PathBuf),
}

/// A further Worker, which the consumer calls by a service binding.
#[derive(Debug, Clone)]
pub struct Service {
    /// The name of the consumer's binding.
    pub binding: String,
    /// The Worker's `wrangler.toml`.
    pub configuration: PathBuf,
    /// The variables that are secrets of the Worker.
    pub secrets: Vec<String>,
}

/// How to start a stack.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The stack's folder. Two stacks must not share one at the same time.
    pub state_dir: PathBuf,
    /// The port of 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Whether to delete what the folder holds. A folder that is no stack's state is left alone.
    pub fresh: bool,
    /// Variables and secrets of the Workers that differ from their configuration.
    pub vars: BTreeMap<String, String>,
    /// What the consumer calls.
    pub provider: Provider,
    /// Which Workers.
    pub workers: Workers,
    /// What stands beside the Workers of the pipeline.
    pub services: Vec<Service>,
    /// Whether the producer and the consumer have a bucket for files, `FILES`. Without one, files are in
    /// the database.
    pub bucket: bool,
    /// What goes wrong at the bindings of the pipeline. `None` leaves the bindings as they are:
    /// a stack whose faults begin later starts with [`Faults::default`].
    pub faults: Option<Faults>,
}

impl StackOptions {
    /// The pipeline on a free port, with no provider, keeping what the folder holds.
    #[must_use]
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            state_dir: state_dir.into(),
            port: 0,
            fresh: false,
            vars: BTreeMap::new(),
            provider: Provider::Unset,
            workers: Workers::Pipeline,
            services: Vec::new(),
            bucket: false,
            faults: None,
        }
    }
}

/// A running stack. Dropping it ends every process of it.
#[derive(Debug)]
pub struct Stack {
    // Fields are dropped in this order: the runtime before what it calls.
    runtime: Option<Group>,
    provider: Running,
    configurations: Vec<PathBuf>,
    workers: Workers,
    state: PathBuf,
    port: u16,
    credentials: Credentials,
    faults: Mutex<Option<Faults>>,
    starts: u32,
}

impl Stack {
    /// Starts a stack and waits until it answers. The Workers must have been built.
    ///
    /// # Errors
    /// If the port is taken, the folder is not the stack's to use, a Worker is not built, a
    /// migration fails, or the runtime does not answer; then the end of its log is in the error.
    pub fn start(options: StackOptions) -> Result<Self> {
        ensure_free(options.port)?;
        let folder = state::prepare_folder(&options.state_dir, options.fresh)?;
        let credentials = Credentials::of(&folder)?;
        let provider = options.provider.start()?;

        let mut workers = state::read_workers(&options.workers)?;
        state::add_services(&mut workers, &options.services)?;
        if options.bucket {
            state::add_bucket(&mut workers)?;
        }
        let mut variables = BTreeMap::new();
        if matches!(options.workers, Workers::Pipeline) {
            variables.insert("ADMIN_KEY".to_owned(), credentials.admin_key.clone());
            variables.insert(
                "KEY_HASH_SECRET".to_owned(),
                credentials.key_hash_secret.clone(),
            );
            variables.extend(provider.variables.clone());
        }
        if let Some(providers) = &provider.providers {
            for worker in &mut workers {
                providers.hand_over(worker)?;
            }
        }
        variables.extend(options.vars);
        settings::refuse_unknown(&variables, &workers)?;
        if let Some(faults) = &options.faults {
            state::wrap_in_faults(&folder, &mut workers, &faults.plans(0)?)?;
        }
        let configurations = state::write_configurations(&folder, &workers, &variables)?;
        state::migrate(&folder, &workers, &configurations)?;

        let mut stack = Self {
            runtime: None,
            provider,
            configurations,
            workers: options.workers,
            state: folder,
            port: options.port,
            credentials,
            faults: Mutex::new(options.faults),
            starts: 0,
        };
        stack.start_runtime()?;
        Ok(stack)
    }

    /// Where the stack answers: `http://127.0.0.1:PORT`. It stays the same over a restart.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The stack's folder, absolute.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// The Workers' `ADMIN_KEY`, unless the options' variables gave another one.
    #[must_use]
    pub fn admin_key(&self) -> &str {
        &self.credentials.admin_key
    }

    /// Where the simulator is, if the stack has one.
    #[must_use]
    pub fn provider_url(&self) -> Option<&str> {
        self.provider.url.as_deref()
    }

    /// The process ids of the Workers' runtime: what to kill for a crash.
    ///
    /// # Errors
    /// If the process table cannot be read.
    pub fn workerd_pids(&self) -> Result<Vec<u32>> {
        self.runtime
            .as_ref()
            .map_or_else(|| Ok(Vec::new()), |group| group.members_named("workerd"))
    }

    /// What the runtime and the Workers have printed since the stack started.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(self.log_file()).context("cannot read the log of wrangler")
    }

    /// The file that [`Stack::log`] reads.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.state.join("wrangler.log")
    }

    /// Whether the runtime has ended by itself.
    ///
    /// # Errors
    /// If the operating system does not tell.
    pub fn has_ended(&mut self) -> Result<bool> {
        self.runtime
            .as_mut()
            .map_or(Ok(true), |group| Ok(group.ended()?.is_some()))
    }

    /// Ends the runtime, crashed or not, and starts it again on the same state and port.
    ///
    /// # Errors
    /// As [`Stack::start`].
    pub fn restart(&mut self) -> Result<()> {
        self.runtime = None;
        self.starts = self.starts.saturating_add(1);
        self.note_faults()?;
        self.start_runtime()
    }

    /// Ends every process of the stack. Its folder stays.
    pub fn stop(self) {
        drop(self);
    }

    /// The process groups of the stack: the runtime's and, if there is one, the simulator's.
    #[must_use]
    pub fn process_groups(&self) -> Vec<i32> {
        let runtime = self.runtime.as_ref().map(Group::id);
        runtime
            .into_iter()
            .chain(self.provider.simulator_group())
            .collect()
    }

    fn start_runtime(&mut self) -> Result<()> {
        // The log goes on where it was, so that it tells the whole story of the stack.
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .context("cannot open the log of wrangler")?;
        let before = log.metadata()?.len();
        let mut command = wrangler::command(&self.state, ["dev"])?;
        for configuration in &self.configurations {
            command.arg("-c").arg(configuration);
        }
        command
            .arg("--persist-to")
            .arg(&self.state)
            .args(["--ip", "127.0.0.1", "--inspector-port", "0"])
            .args(["--port", &self.port.to_string()])
            .arg("--show-interactive-dev-session=false")
            .env("WRANGLER_REGISTRY_PATH", self.state.join("registry"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let group = Group::start(&mut command)?;
        state::note_runtime(&self.state, group.id())?;
        self.runtime = Some(group);
        let outcome = self.wait_until_ready(before);
        if outcome.is_err() {
            self.runtime = None;
        }
        outcome.with_context(|| {
            format!(
                "the stack did not start; the end of {}:\n{}",
                self.log_file().display(),
                log::tail(&self.log_file(), 30)
            )
        })
    }

    fn wait_until_ready(&mut self, log_start: u64) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let skip = usize::try_from(log_start)?;
        loop {
            ensure!(!self.has_ended()?, "wrangler ended");
            ensure!(
                Instant::now() < deadline,
                "no answer within {} s",
                PATIENCE.as_secs()
            );
            let log = fs::read(self.log_file())?;
            let new = String::from_utf8_lossy(log.get(skip..).unwrap_or_default()).into_owned();
            if let Some(port) = ready_port(&new) {
                self.port = port;
                if self.answers() {
                    return Ok(());
                }
            }
            sleep(POLL);
        }
    }

    fn answers(&self) -> bool {
        match self.workers {
            Workers::Pipeline => http::get(format!("{}/api/health", self.url()))
                .is_ok_and(|answer| answer.status == 200),
            Workers::Only(_) => http::get(self.url()).is_ok(),
        }
    }
}

/// The port in `[wrangler:info] Ready on http://127.0.0.1:PORT`.
fn ready_port(log: &str) -> Option<u16> {
    let (_, after) = log.split_once("Ready on http://127.0.0.1:")?;
    let end = after.find(|c: char| !c.is_ascii_digit())?;
    after.get(..end)?.parse().ok()
}

/// Refuses a port that somebody listens on.
pub(crate) fn ensure_free(port: u16) -> Result<()> {
    if port == 0 {
        return Ok(());
    }
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(()),
        Err(error) => bail!(
            "port {port} of 127.0.0.1 is taken ({error}): end what listens there, or choose \
             another one with --port"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_is_read_from_the_ready_line() {
        assert_eq!(
            ready_port("x\n[wrangler:info] Ready on http://127.0.0.1:34763\ny"),
            Some(34763)
        );
        assert_eq!(
            ready_port("[wrangler:info] Ready on http://127.0.0.1:34"),
            None
        );
    }

    #[test]
    fn taken_port_is_refused_with_what_to_do() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = ensure_free(port).unwrap_err().to_string();
        assert!(error.contains("--port"), "{error}");
    }
}
