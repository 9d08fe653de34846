//! The languages of a deployment, and who runs each.

use crate::configuration::Configuration;
use crate::request::limits;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The name of the server that runs what our executors do not, among the providers.
pub(crate) const REMOTE_EXECUTOR: &str = "remote-executor";

/// A language that an executor of ours runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// JavaScript.
    JavaScript,
    /// Python.
    Python,
}

impl Language {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::JavaScript, Self::Python];

    /// The language as it is written in requests, answers and the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JavaScript => "javascript",
            Self::Python => "python",
        }
    }

    /// Other names that mean the same.
    #[must_use]
    pub const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::JavaScript => &["js", "node"],
            Self::Python => &["py", "python3"],
        }
    }

    /// The name of its executor among the providers.
    #[must_use]
    pub const fn provider(self) -> &'static str {
        match self {
            Self::JavaScript => "executor-javascript",
            Self::Python => "executor-python",
        }
    }

    /// The service binding by which the consumer calls its executor.
    #[must_use]
    pub const fn binding(self) -> &'static str {
        match self {
            Self::JavaScript => "EXECUTOR_JAVASCRIPT",
            Self::Python => "EXECUTOR_PYTHON",
        }
    }

    /// The language of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// Who runs a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner<'a> {
    /// An executor of ours.
    Executor(Language),
    /// The remote executor, in this version of the language.
    Remote(&'a str),
}

impl Runner<'_> {
    /// The runner's name among the providers.
    #[must_use]
    pub const fn provider(self) -> &'static str {
        match self {
            Self::Executor(language) => language.provider(),
            Self::Remote(_) => REMOTE_EXECUTOR,
        }
    }

    /// Whether it can call a function, or only run a program.
    #[must_use]
    pub const fn calls_functions(self) -> bool {
        match self {
            Self::Executor(_) => true,
            Self::Remote(_) => false,
        }
    }
}

/// A language that jobs may name.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LanguageDocument {
    /// Its name.
    #[schema(example = "python")]
    pub language: String,
    /// Other names that mean the same.
    #[schema(value_type = Vec<String>)]
    pub aliases: &'static [&'static str],
    /// Who runs it: `executor` is ours, `remote` a server that the deployment names.
    #[schema(example = "executor")]
    pub runner: &'static str,
    /// The version that a remote executor is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version: Option<String>,
    /// Whether a test may name a function to call.
    pub function_calls: bool,
    /// What a run may use.
    pub limits: LanguageLimits,
}

/// What a run may use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LanguageLimits {
    /// The longest `timeLimit`, in seconds.
    #[schema(example = 30.0)]
    pub max_time_limit: f64,
    /// The `timeLimit` of jobs that name none.
    #[schema(example = 10.0)]
    pub default_time_limit: f64,
    /// The largest `memoryLimit`, in MiB.
    #[schema(example = 64)]
    pub max_memory_limit: u32,
    /// The `memoryLimit` of jobs that name none.
    #[schema(example = 64)]
    pub default_memory_limit: u32,
}

impl LanguageLimits {
    /// What a run by `runner` may use.
    #[must_use]
    pub fn of(configuration: &Configuration, runner: Runner<'_>) -> Self {
        let remote = configuration.remote_executor.as_ref();
        let (time, memory) = match (runner, remote) {
            (Runner::Remote(_), Some(remote)) => (
                f64::from(remote.time_limit_seconds),
                remote.memory_limit_mib,
            ),
            (Runner::Executor(_) | Runner::Remote(_), _) => (
                *limits::TIME_LIMIT_SECONDS.end(),
                *limits::MEMORY_LIMIT_MIB.end(),
            ),
        };
        Self {
            max_time_limit: time,
            default_time_limit: limits::DEFAULT_TIME_LIMIT_SECONDS.min(time),
            max_memory_limit: memory,
            default_memory_limit: limits::DEFAULT_MEMORY_LIMIT_MIB.min(memory),
        }
    }
}

/// The language that a request means by `name`, under its own name, and who runs it.
#[must_use]
pub fn find<'a>(configuration: &'a Configuration, name: &str) -> Option<(String, Runner<'a>)> {
    let mut meant = Language::ALL.into_iter();
    let meant = meant.find(|one| one.as_str() == name || one.aliases().contains(&name));
    let meant = meant.map(Language::as_str);
    let run = |name: &str| Some((name.to_owned(), runner_of(configuration, name)?));
    match meant.and_then(run) {
        Some(ours @ (_, Runner::Executor(_))) => Some(ours),
        remote => run(name).or(remote),
    }
}

/// Who runs the language of this very name: an executor of ours rather than the remote one.
#[must_use]
pub fn runner_of<'a>(configuration: &'a Configuration, name: &str) -> Option<Runner<'a>> {
    let ours = Language::named(name);
    if let Some(language) = ours.filter(|one| configuration.executor.languages.contains(one)) {
        return Some(Runner::Executor(language));
    }
    let remote = configuration.remote_executor.as_ref()?;
    let version = remote.languages.get(name)?;
    Some(Runner::Remote(version))
}

/// The names of all languages, in order.
#[must_use]
pub fn names(configuration: &Configuration) -> Vec<String> {
    let ours = configuration.executor.languages.iter();
    let ours = ours.map(|language| language.as_str().to_owned());
    let remote = configuration.remote_executor.iter();
    let remote = remote.flat_map(|remote| remote.languages.keys().cloned());
    // Another name of a language of ours means that one.
    let remote =
        remote.filter(|name| find(configuration, name).is_some_and(|(own, _)| own == *name));
    let mut names: Vec<String> = ours.chain(remote).collect();
    names.sort();
    names.dedup();
    names
}

/// The languages that jobs may name, in order.
#[must_use]
pub fn languages(configuration: &Configuration) -> Vec<LanguageDocument> {
    let documents = names(configuration).into_iter().filter_map(|language| {
        let runner = runner_of(configuration, &language)?;
        let (name, version) = match runner {
            Runner::Executor(_) => ("executor", None),
            Runner::Remote(version) => ("remote", Some(version.to_owned())),
        };
        let aliases = Language::named(&language).map(Language::aliases);
        Some(LanguageDocument {
            aliases: aliases.unwrap_or_default(),
            runner: name,
            version,
            function_calls: runner.calls_functions(),
            limits: LanguageLimits::of(configuration, runner),
            language,
        })
    });
    documents.collect()
}

#[cfg(test)]
mod tests;
