//! Where the jobs' answers come from: configured providers, or the simulator.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::process::{self, Group};
use crate::providers::Providers;
use crate::{build, checkout};

/// The model of the simulator that jobs ask by default.
const MODEL: &str = "sim-ok";
/// How long the simulator may take to say that it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a stack's consumer calls.
#[derive(Debug, Clone)]
pub enum Provider {
    /// The provider simulator, started with the stack and ended with it. The arguments are its own:
    /// `--seed`, `--latency-ms`, `--fault-rate`.
    Simulated(Vec<String>),
    /// These, with the secrets that this process's environment holds.
    Configured(Providers),
    /// These, with the secrets that the stack's own variables hold.
    Given(Providers),
    /// Nobody: the Workers are not even told so.
    Unset,
}

impl Provider {
    /// The providers of this file, or those of `providers.toml` if the environment has the secrets
    /// of the first one, or else the simulator.
    ///
    /// # Errors
    /// Every mistake in the file.
    pub fn from_environment(file: Option<&Path>) -> Result<Self> {
        let providers = Providers::read(file)?;
        let secrets = providers.first_secrets();
        let is_known = secrets.iter().all(|name| secret(name).is_some());
        let is_asked = !providers.configuration().default_providers.is_empty();
        Ok(if file.is_some() || (is_known && is_asked) {
            Self::Configured(providers)
        } else {
            Self::Simulated(Vec::new())
        })
    }

    /// What to tell the user about it.
    #[must_use]
    pub fn notice(&self) -> String {
        match self {
            Self::Simulated(_) => {
                "A simulator answers, and its answers are made up. For real ones set the secret that\n\
                 providers.toml names (OPENAI_API_KEY), or name a file with other providers, such as\n\
                 llama.cpp, Ollama or vLLM: --providers FILE (see docs/configuration.md)."
                    .to_owned()
            }
            Self::Configured(providers) => {
                let names = providers.secrets().into_iter();
                let missing: Vec<String> = names.filter(|name| secret(name).is_none()).collect();
                let mut notice = "Answers come from the configured providers.".to_owned();
                if !missing.is_empty() {
                    notice.push_str("\nNot set in the environment, so that some of them cannot be asked: ");
                    notice.push_str(&missing.join(", "));
                }
                notice
            }
            Self::Given(_) => "Answers come from the providers of the caller.".to_owned(),
            Self::Unset => "No provider is configured.".to_owned(),
        }
    }

    /// Builds what [`Stack::start`](crate::stack::Stack::start) would otherwise build first.
    ///
    /// # Errors
    /// If the simulator does not compile.
    pub fn prepare(&self) -> Result<()> {
        match self {
            Self::Simulated(_) => Simulator::build().map(|_| ()),
            Self::Configured(_) | Self::Given(_) | Self::Unset => Ok(()),
        }
    }

    /// The variables the Workers get for it.
    pub(crate) fn start(&self) -> Result<Running> {
        match self {
            Self::Simulated(arguments) => Running::simulated(Simulator::start(arguments)?),
            Self::Configured(providers) => {
                let names = providers.secrets().into_iter();
                let known = names.filter_map(|name| secret(&name).map(|value| (name, value)));
                Ok(Running {
                    variables: known.collect(),
                    ..Running::of(Some(providers.clone()))
                })
            }
            Self::Given(providers) => Ok(Running::of(Some(providers.clone()))),
            Self::Unset => Ok(Running::of(None)),
        }
    }
}

/// A secret of this process's environment.
fn secret(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A provider that a stack can call.
#[derive(Debug)]
pub(crate) struct Running {
    /// What the Workers are told about whom they may ask.
    pub(crate) providers: Option<Providers>,
    /// Secrets that belong to it.
    pub(crate) variables: BTreeMap<String, String>,
    /// Where the simulator is, if it is one.
    pub(crate) url: Option<String>,
    simulator: Option<Simulator>,
}

impl Running {
    fn of(providers: Option<Providers>) -> Self {
        Self {
            providers,
            variables: BTreeMap::new(),
            url: None,
            simulator: None,
        }
    }

    fn simulated(simulator: Simulator) -> Result<Self> {
        let providers = Providers::compatible("simulator", &simulator.url, MODEL)?;
        // The simulator wants no key; the consumer may.
        let key = ("OPENAI_API_KEY".to_owned(), "simulated".to_owned());
        Ok(Self {
            providers: Some(providers),
            variables: BTreeMap::from([key]),
            url: Some(simulator.url.clone()),
            simulator: Some(simulator),
        })
    }

    /// The simulator's process group, if it is one.
    pub(crate) fn simulator_group(&self) -> Option<i32> {
        self.simulator
            .as_ref()
            .map(|simulator| simulator.group.id())
    }
}

#[derive(Debug)]
struct Simulator {
    group: Group,
    url: String,
}

impl Simulator {
    fn build() -> Result<PathBuf> {
        let mut build = Command::new("cargo");
        build
            .args([
                "build",
                "--package",
                "redrive-tests",
                "--bin",
                "provider-simulator",
            ])
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(checkout::root())
            .stderr(Stdio::inherit());
        let messages = process::capture(&mut build).context("cannot build the simulator")?;
        build::artifact(&messages, "redrive-tests", "/provider-simulator")
            .context("cargo built no provider-simulator")
    }

    fn start(arguments: &[String]) -> Result<Self> {
        let mut command = Command::new(Self::build()?);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut group = Group::start(&mut command)?;
        let output = group.leader().stdout.take().context("no standard output")?;
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads on after the first line, so that the simulator never writes to a closed pipe.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("ready: ") {
                    _ = send.send(url.to_owned());
                }
            }
        });
        let url = receive
            .recv_timeout(PATIENCE)
            .context("the provider simulator did not start")?;
        Ok(Self { group, url })
    }
}
