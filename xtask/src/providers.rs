//! `providers.toml`: read, judged, and handed over to the Workers.
//!
//! Both Workers get it as JSON in variables. What it names as secrets are secrets of the consumer.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use redrive_shared::configuration::variables::{self, split};
use redrive_shared::configuration::{Configuration, ProviderConfiguration, Reached};
use serde_json::{Map, Value, json};

use crate::checkout;
use crate::settings::WorkerSettings;

/// The file, relative to the checkout.
const FILE: &str = "providers.toml";

/// Which providers a deployment has, without a mistake in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Providers {
    text: String,
    configuration: Configuration,
}

impl Providers {
    /// What the checkout's own file says, or another one in its place.
    ///
    /// # Errors
    /// The file cannot be read; or every mistake in it.
    pub fn read(file: Option<&Path>) -> Result<Self> {
        let own = checkout::path(FILE);
        let file = file.unwrap_or(&own);
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        Self::of_toml(&text).with_context(|| format!("{} is not right", file.display()))
    }

    /// What a text of the same form says.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn of_toml(text: &str) -> Result<Self> {
        let table: toml::Table = toml::from_str(text)?;
        Self::of(&json_of(toml::Value::Table(table))?)
    }

    /// The same as JSON.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn of(value: &Value) -> Result<Self> {
        let configuration = Configuration::read(value).map_err(|mistakes| {
            let lines = mistakes.iter().map(|mistake| format!("  {mistake}"));
            let lines: Vec<String> = lines.collect();
            anyhow::anyhow!("{}", lines.join("\n").trim_start().to_owned())
        })?;
        let text = value.to_string();
        let count = split(&text).len();
        ensure!(
            count <= variables::COUNT,
            "it is too long: as JSON it takes {count} variables of a Worker, and {} are allowed",
            variables::COUNT
        );
        Ok(Self {
            text,
            configuration,
        })
    }

    /// One provider called `name` that speaks chat completions at `base_url`, asked with the secret
    /// `OPENAI_API_KEY`, and for `model` where a job names none.
    ///
    /// # Errors
    /// One of these is not what it must be.
    pub fn compatible(name: &str, base_url: &str, model: &str) -> Result<Self> {
        let one = json!({
            "kind": "openai_compatible",
            "base_url": base_url,
            "api_key_secret": "OPENAI_API_KEY",
            "default_model": model,
        });
        Self::of(&json!({"default_providers": [name], "providers": { name: one }}))
    }

    /// What they say.
    #[must_use]
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The variables that hand them over, in both Workers.
    #[must_use]
    pub fn variables(&self) -> BTreeMap<String, String> {
        let parts = split(&self.text).into_iter();
        parts.map(|(name, part)| (name, part.to_owned())).collect()
    }

    /// The secrets that the consumer needs for them.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let names = self.configuration.secrets().into_iter();
        names.map(str::to_owned).collect()
    }

    /// The secrets of the provider that is asked first by default.
    pub(crate) fn first_secrets(&self) -> Vec<&str> {
        let first = self.configuration.default_providers.first();
        first
            .and_then(|target| self.configuration.providers.get(&target.provider))
            .map(|provider| provider.secrets().collect())
            .unwrap_or_default()
    }

    /// Gives a Worker of a local stack what it needs of them.
    pub(crate) fn hand_over(&self, worker: &mut WorkerSettings) -> Result<()> {
        let is_consumer = worker.name()? == "redrive-consumer";
        if !is_consumer && worker.name()? != "redrive-producer" {
            return Ok(());
        }
        for (name, part) in self.variables() {
            worker.set_variable(&name, Value::String(part));
        }
        if is_consumer {
            worker.secrets.extend(self.secrets());
            self.bind(&mut worker.document, true);
        }
        Ok(())
    }

    /// Binds the consumer to Workers AI, if one of them is asked that way and nothing else has the
    /// binding's name. There is no local Workers AI: a local stack calls the real one.
    pub(crate) fn bind(&self, consumer: &mut Map<String, Value>, is_local: bool) {
        let Some(binding) = self.configuration.binding() else {
            return;
        };
        let services = consumer.get("services").and_then(Value::as_array);
        let is_taken = services
            .into_iter()
            .flatten()
            .any(|service| service["binding"] == binding);
        if !is_taken {
            let ai = if is_local {
                json!({ "binding": binding, "remote": true })
            } else {
                json!({ "binding": binding })
            };
            consumer.insert("ai".to_owned(), ai);
        }
    }
}

/// TOML as JSON: dates become text.
fn json_of(value: toml::Value) -> Result<Value> {
    Ok(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => {
            let Some(number) = serde_json::Number::from_f64(number) else {
                bail!("{number} is no number that can be handed over");
            };
            Value::Number(number)
        }
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => {
            Value::Array(items.into_iter().map(json_of).collect::<Result<_>>()?)
        }
        toml::Value::Table(table) => {
            let entries = table.into_iter();
            let entries = entries.map(|(key, value)| Ok((key, json_of(value)?)));
            Value::Object(entries.collect::<Result<_>>()?)
        }
    })
}

/// `cargo xtask providers`: prints what the file says.
///
/// # Errors
/// Every mistake in it.
pub fn run(file: Option<&Path>) -> Result<()> {
    let providers = Providers::read(file)?;
    print!("{}", description(&providers)?);
    Ok(())
}

fn description(providers: &Providers) -> Result<String> {
    let configuration = &providers.configuration;
    let mut text = String::new();
    let chain = configuration.default_providers.iter();
    let chain: Vec<String> = chain
        .map(|target| format!("{} ({})", target.provider, target.model))
        .collect();
    let chain = if chain.is_empty() {
        "nobody: a job must name a provider".to_owned()
    } else {
        chain.join(", then ")
    };
    writeln!(text, "asked by default: {chain}")?;
    for provider in configuration.providers.values() {
        describe(&mut text, provider)?;
    }
    if let Some(remote) = &configuration.remote_executor {
        writeln!(text, "\nremote executor: {}", remote.base_url)?;
        let languages: Vec<&str> = remote.languages.keys().map(String::as_str).collect();
        writeln!(text, "  languages      {}", languages.join(", "))?;
    }
    let secrets = providers.secrets();
    let secrets = if secrets.is_empty() {
        "none".to_owned()
    } else {
        secrets.join(", ")
    };
    writeln!(text, "\nsecrets of the consumer: {secrets}")?;
    let variables: Vec<String> = providers.variables().into_keys().collect();
    writeln!(text, "variables of both Workers: {}", variables.join(", "))?;
    Ok(text)
}

fn describe(text: &mut String, provider: &ProviderConfiguration) -> Result<()> {
    writeln!(text, "\n{}: {}", provider.name, provider.kind.as_str())?;
    match &provider.reached {
        Reached::Url { base_url, .. } => writeln!(text, "  at             {base_url}")?,
        Reached::Binding(binding) => writeln!(text, "  by binding     {binding}")?,
    }
    if let Some(secret) = &provider.api_key_secret {
        writeln!(text, "  key            {secret}")?;
    }
    if let Some(model) = &provider.default_model {
        writeln!(text, "  default model  {model}")?;
    }
    for (name, model) in &provider.models {
        let price = model.price.map_or("price not known".to_owned(), |price| {
            let (input, output) = (dollars(price.input), dollars(price.output));
            format!("${input} in, ${output} out for a million tokens")
        });
        let context = model
            .context_tokens
            .map_or(String::new(), |tokens| format!(", {tokens} tokens"));
        writeln!(text, "  model          {name}: {price}{context}")?;
    }
    Ok(())
}

/// Micro-dollars as dollars.
fn dollars(micro: u64) -> String {
    let text = format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
    let short = text.trim_end_matches('0');
    short.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_of_toml_are_read_as_json() {
        let text = r#"
            default_providers = ["a"]
            [providers.a]
            kind = "openai"
            api_key_secret = "KEY"
            default_model = "m"
            models.m.price = { input = 0.15, output = 1, priced_at = 2026-11-21, price_source = "https://a" }
        "#;
        let providers = Providers::of_toml(text).unwrap();
        let model = &providers.configuration().providers["a"].models["m"];
        assert_eq!(model.price.unwrap().input, 150_000);
        let text = description(&providers).unwrap();
        assert!(text.contains("$0.15 in, $1 out"), "{text}");
        assert!(text.contains("secrets of the consumer: KEY"), "{text}");
    }

    #[test]
    fn every_mistake_is_named() {
        let error = Providers::of_toml("[providers.A]\nkind = 1\n[provider]\n").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("`/providers/A` its name"), "{text}");
        assert!(text.contains("`/provider` is not a known field"), "{text}");
    }

    #[test]
    fn the_consumer_alone_gets_secrets_and_the_binding() {
        let workers_ai = json!({
            "providers": {
                "w": {"kind": "workers_ai", "binding": "AI"},
                "o": {"kind": "openai", "api_key_secret": "KEY"}
            }
        });
        let providers = Providers::of(&workers_ai).unwrap();
        let worker = |name: &str| WorkerSettings {
            document: Map::from_iter([("name".to_owned(), name.into())]),
            secrets: Vec::new(),
        };
        let [mut producer, mut consumer, mut other] =
            ["redrive-producer", "redrive-consumer", "redrive-gateway"].map(worker);
        for worker in [&mut producer, &mut consumer, &mut other] {
            providers.hand_over(worker).unwrap();
        }
        assert!(producer.knows("PROVIDERS") && consumer.knows("PROVIDERS"));
        assert!(consumer.knows("KEY") && !producer.knows("KEY"));
        assert_eq!(consumer.document["ai"]["binding"], "AI");
        assert!(!producer.document.contains_key("ai"));
        assert_eq!(other.document.len(), 1);
    }

    #[test]
    fn a_service_in_the_place_of_workers_ai_is_left_there() {
        let value = json!({"providers": {"w": {"kind": "workers_ai", "binding": "AI"}}});
        let providers = Providers::of(&value).unwrap();
        let mut consumer = Map::from_iter([(
            "services".to_owned(),
            json!([{"binding": "AI", "service": "stand-in"}]),
        )]);
        providers.bind(&mut consumer, true);
        assert!(!consumer.contains_key("ai"));
    }
}
