//! Where the jobs' answers come from: configured providers, or the simulator.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::build;
use crate::process::Group;
use crate::providers::Providers;

/// The model of the simulator that jobs ask by default.
const MODEL: &str = "sim-ok";
/// The secret with the key that it is asked with.
const KEY: &str = "OPENAI_API_KEY";
/// The languages that it has in name, beside those of our executors, and their versions.
const LANGUAGES: [(&str, &str); 6] = [
    ("bash", "5.2.0"),
    ("c++", "10.2.0"),
    ("java", "15.0.2"),
    ("ruby", "3.0.1"),
    ("rust", "1.68.2"),
    ("typescript", "5.0.3"),
];
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
                 llama.cpp, Ollama or vLLM: --providers FILE (see docs/configuration.md).\n\
                 JavaScript and Python are really run. Programs in other languages go to the\n\
                 simulator, which runs nothing and makes their results up as well."
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
            Self::Simulated(_) => Simulator::binary().map(|_| ()),
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

/// The simulator at this URL, in the place of every model, and of the server that runs languages
/// beside those of our own executors.
fn of_simulator(url: &str) -> Result<Providers> {
    let origin = url.strip_suffix("/v1").unwrap_or(url);
    Providers::of(&json!({
        "default_providers": ["simulator"],
        "providers": {"simulator": {
            "kind": "openai_compatible",
            "base_url": url,
            "api_key_secret": KEY,
            "default_model": MODEL,
        }},
        "remote_executor": {
            "base_url": origin,
            "languages": LANGUAGES.into_iter().collect::<BTreeMap<_, _>>(),
        },
    }))
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
        let providers = of_simulator(&simulator.url)?;
        // The simulator wants no key; the consumer may.
        let key = (KEY.to_owned(), "simulated".to_owned());
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
    fn binary() -> Result<PathBuf> {
        build::binary("redrive-tests", "provider-simulator")
    }

    fn start(arguments: &[String]) -> Result<Self> {
        let mut command = Command::new(Self::binary()?);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulator_stands_in_for_the_models_and_for_the_languages_that_we_do_not_run() {
        let providers = of_simulator("http://127.0.0.1:8099/v1").unwrap();
        let configuration = providers.configuration();
        let first = configuration.default_providers.first().unwrap();
        assert_eq!(
            (first.provider.as_str(), first.model.as_str()),
            ("simulator", MODEL)
        );
        let remote = configuration.remote_executor.as_ref().unwrap();
        assert_eq!(remote.base_url, "http://127.0.0.1:8099");
        assert_eq!(remote.languages["c++"], "10.2.0");
        assert_eq!(configuration.executor.languages.len(), 2);
        assert_eq!(providers.secrets(), [KEY]);
    }
}
