//! The configuration of a deployment: which providers there are, how each is asked, what its
//! models cost, and whom a job asks that names nobody.
//!
//! It is written as `providers.toml`, checked before a deployment, and handed to both Workers as
//! JSON in the variables `PROVIDERS`, `PROVIDERS_2`, and so on. It holds the names of secrets, never a secret.

mod found;
mod price;
mod read;
mod secrets;
pub mod variables;

pub use found::{ConfigurationMemory, Found};
pub use price::{Cost, Price, PriceOrigin};

use crate::execute::Language;
use crate::provider::{Api, Provider, Quirks, Usage};
use crate::request::Target;
use std::collections::{BTreeMap, BTreeSet};

/// The whole of it. Every name in it refers to something in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configuration {
    /// Whom a job asks, in this order, that names nobody and whose tenant names nobody.
    pub default_providers: Vec<Target>,
    /// The providers by their names.
    pub providers: BTreeMap<String, ProviderConfiguration>,
    /// What our own executors run.
    pub executor: ExecutorConfiguration,
    /// The server that runs the languages we do not run ourselves.
    pub remote_executor: Option<RemoteExecutor>,
}

/// What our own executors run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutorConfiguration {
    /// The languages whose executors are deployed.
    pub languages: BTreeSet<Language>,
}

impl Default for ExecutorConfiguration {
    fn default() -> Self {
        Self {
            languages: Language::ALL.into(),
        }
    }
}

/// One provider.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderConfiguration {
    /// The name by which jobs, results and logs call it; 1 to 32 of `a-z`, `0-9`, `-` and `_`.
    pub name: String,
    /// Whose rules apply.
    pub kind: Provider,
    /// Which of its interfaces is spoken.
    pub api: Api,
    /// How it is reached.
    pub reached: Reached,
    /// The name of the secret that holds the key; `None`: it wants none.
    pub api_key_secret: Option<String>,
    /// Header fields to send with every call.
    pub headers: BTreeMap<String, HeaderSource>,
    /// The model of jobs that name none.
    pub default_model: Option<String>,
    /// What is known of its models.
    pub models: BTreeMap<String, ModelConfiguration>,
    /// Whether only those models may be asked for.
    pub only_these_models: bool,
    /// The most calls at a time, of the whole deployment; `None`: no limit of ours.
    pub concurrency: Option<u32>,
    /// The most calls in a minute, of the whole deployment; `None`: no limit of ours.
    pub calls_per_minute: Option<u32>,
    /// Where its replies differ from what others of its kind send.
    pub quirks: Quirks,
}

/// How a provider is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Over HTTP.
    Url {
        /// What the path of an interface is appended to.
        base_url: String,
        /// Azure's classic deployments: the date of the interface; `None`: its v1 interface, and
        /// all others.
        api_version: Option<String>,
        /// Workers AI: the account; `None` for all others, and where the URL of a gateway names it.
        account_id: Option<String>,
    },
    /// Workers AI or an executor of ours, by the binding of this name.
    Binding(String),
}

/// Where the value of a header field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderSource {
    /// It is written in the configuration.
    Text(String),
    /// It is the secret of this name.
    Secret(String),
}

/// What is known of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelConfiguration {
    /// Tokens that prompt and answer may have together.
    pub context_tokens: Option<u32>,
    /// Tokens that an answer may have.
    pub max_output_tokens: Option<u32>,
    /// What it costs.
    pub price: Option<Price>,
    /// Where that price was read, and when; `None` without a price.
    pub price_origin: Option<PriceOrigin>,
}

/// A server that speaks version 2 of Piston's interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteExecutor {
    /// The URL that `/api/v2/execute` is appended to.
    pub base_url: String,
    /// The name of the secret that holds the key; `None`: it wants none.
    pub api_key_secret: Option<String>,
    /// The languages it may be asked for, each with the version to ask for.
    pub languages: BTreeMap<String, String>,
    /// The longest a program may run there, in seconds; 1 to 30. Piston refuses more than its
    /// `PISTON_RUN_TIMEOUT` and `PISTON_RUN_CPU_TIME`, which are 3 seconds by default.
    pub time_limit_seconds: u32,
    /// The most memory a program may take there, in MiB; 16 to 512. Piston refuses more than its
    /// `PISTON_RUN_MEMORY_LIMIT`, which it does not have by default.
    pub memory_limit_mib: u32,
}

impl Configuration {
    /// One provider, whom every job asks; `default_model` of it that names none.
    #[must_use]
    pub fn single(provider: ProviderConfiguration) -> Self {
        let model = provider.default_model.clone();
        let default_providers = model.map(|model| Target {
            provider: provider.name.clone(),
            model,
        });
        Self {
            default_providers: default_providers.into_iter().collect(),
            providers: BTreeMap::from([(provider.name.clone(), provider)]),
            executor: ExecutorConfiguration::default(),
            remote_executor: None,
        }
    }
}

impl ProviderConfiguration {
    /// A provider at `base_url` of which nothing else is said.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: Provider, base_url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind,
            api: Api::Chat,
            reached: Reached::Url {
                base_url: base_url.into(),
                api_version: None,
                account_id: None,
            },
            api_key_secret: None,
            headers: BTreeMap::new(),
            default_model: None,
            models: BTreeMap::new(),
            only_these_models: false,
            concurrency: None,
            calls_per_minute: None,
            quirks: Quirks::default(),
        }
    }

    /// What a call of `model` costs that used so much; `None` when price or tokens are not known.
    /// What runs programs counts no tokens, and charges for none.
    #[must_use]
    pub fn cost(&self, model: &str, usage: Option<&Usage>) -> Option<Cost> {
        if matches!(self.kind, Provider::Executor | Provider::Piston) {
            return Some(0);
        }
        self.models.get(model)?.price?.of(usage?)
    }

    /// Tokens that prompt and answer may have together, where that is known.
    #[must_use]
    pub fn context_tokens(&self, model: &str) -> Option<u32> {
        self.models.get(model)?.context_tokens
    }
}
