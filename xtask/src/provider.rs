//! Where the jobs' answers come from: a provider that the environment names, or the simulator.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::process::{self, Group};
use crate::{build, checkout};

/// The variables that name a provider.
const VARIABLES: [&str; 3] = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"];
/// How long the simulator may take to say that it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a stack's consumer calls.
#[derive(Debug, Clone)]
pub enum Provider {
    /// The provider simulator, started with the stack and ended with it. The arguments are its own:
    /// `--seed`, `--latency-ms`, `--fault-rate`.
    Simulated(Vec<String>),
    /// What `OPENAI_API_KEY`, `OPENAI_BASE_URL` and `OPENAI_MODEL` of this process's environment say.
    Configured,
    /// Nothing but what the stack's own variables say.
    Unset,
}

impl Provider {
    /// The environment's provider if it names one, the simulator otherwise.
    #[must_use]
    pub fn from_environment() -> Self {
        let configured = ["OPENAI_API_KEY", "OPENAI_BASE_URL"]
            .iter()
            .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
        if configured {
            Self::Configured
        } else {
            Self::Simulated(Vec::new())
        }
    }

    /// What to tell the user about it.
    #[must_use]
    pub fn notice(&self) -> &'static str {
        match self {
            Self::Simulated(_) => {
                "No provider is configured: a simulator answers, and its answers are made up.\n\
                 For real ones set OPENAI_API_KEY, or set OPENAI_BASE_URL to any server of the same\n\
                 wire format, such as llama.cpp, Ollama or vLLM (and OPENAI_MODEL to its model)."
            }
            Self::Configured => "Answers come from the provider that the environment names.",
            Self::Unset => "No provider is configured.",
        }
    }

    /// Builds what [`Stack::start`](crate::stack::Stack::start) would otherwise build first.
    ///
    /// # Errors
    /// If the simulator does not compile.
    pub fn prepare(&self) -> Result<()> {
        match self {
            Self::Simulated(_) => Simulator::build().map(|_| ()),
            Self::Configured | Self::Unset => Ok(()),
        }
    }

    /// The variables the Workers get for it.
    pub(crate) fn start(&self) -> Result<Running> {
        match self {
            Self::Simulated(arguments) => Simulator::start(arguments).map(Running::simulated),
            Self::Configured => Ok(Running {
                variables: VARIABLES
                    .iter()
                    .filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)))
                    .filter(|(_, value)| !value.is_empty())
                    .collect(),
                simulator: None,
            }),
            Self::Unset => Ok(Running {
                variables: BTreeMap::new(),
                simulator: None,
            }),
        }
    }
}

/// A provider that a stack can call.
#[derive(Debug)]
pub(crate) struct Running {
    /// What the Workers are told about it.
    pub(crate) variables: BTreeMap<String, String>,
    simulator: Option<Simulator>,
}

impl Running {
    fn simulated(simulator: Simulator) -> Self {
        let variables = [
            ("OPENAI_BASE_URL", simulator.url.as_str()),
            // The simulator wants no key; the consumer may.
            ("OPENAI_API_KEY", "simulated"),
            ("OPENAI_MODEL", "sim-ok"),
        ];
        Self {
            variables: variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            simulator: Some(simulator),
        }
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
