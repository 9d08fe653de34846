//! `cargo xtask deploy`: the Workers and what they need, on a Cloudflare account.
//!
//! Every step may be repeated: what exists is reused. The ids of D1 and KV belong to the account,
//! so they are looked up by name and written into a copy of the configuration, in
//! `.redrive/deploy/ENVIRONMENT`; the committed files stay as they are.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::providers::Providers;
use crate::settings::{self, WorkerSettings};
use crate::steps::Steps;
use crate::{build, checkout, executor, process, tools, wrangler};

mod account;
mod configuration;
mod secrets;

use account::Account;
use configuration::Configuration;

/// Where to deploy to: an environment of both `wrangler.toml` files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// To try a version on the platform.
    Staging,
    /// The one that people use.
    Production,
}

impl Environment {
    /// The name in the configuration files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// Installs, builds and deploys; with `dry_run`, prints the calls and lets `wrangler` check the
/// generated configurations and bundles.
///
/// # Errors
/// Names what is missing (an id, a secret, an account), or what `wrangler` refused.
pub fn run(environment: Environment, providers: Option<&Path>, dry_run: bool) -> Result<()> {
    // Read before anything that takes long.
    let providers = Providers::read(providers)?;
    let mut steps = Steps::new();
    steps.run(
        "set-up",
        "install the tools that are missing",
        tools::ensure,
    )?;
    steps.run("build", "compile the Workers to Wasm", build::all)?;
    if dry_run {
        return steps.run("dry run", "print the calls, check the results", || {
            rehearse(environment, &providers).map(|_calls| ())
        });
    }
    let given = secrets::from_environment(&providers);
    secrets::check(&given)?;
    let name = environment.name();
    steps.run("deploy", &format!("bring {name} up to date"), || {
        let mut account = Account::real();
        let folder = folder(environment);
        deploy(&mut account, environment, &providers, &given, &folder).map(|_| ())
    })
}

/// What [`run`] does in a dry run once everything is built: prints every call that a deployment to
/// an empty account would make, gives them back, and lets `wrangler` bundle every Worker with the
/// generated configurations. It needs neither an account nor a network.
///
/// # Errors
/// If a Worker has not been built, or `wrangler` refuses a configuration.
pub fn rehearse(environment: Environment, providers: &Providers) -> Result<Vec<String>> {
    let mut account = Account::imagined();
    let folder = folder(environment);
    let given = secrets::from_environment(providers);
    let configurations = deploy(&mut account, environment, providers, &given, &folder)?;
    for configuration in &configurations {
        println!("checking {}", checkout::shown(&configuration.file));
        let mut check = wrangler::command(&folder, ["deploy", "--dry-run", "--outdir"])?;
        check
            .arg(folder.join("bundle").join(&configuration.worker))
            .arg("-c")
            .arg(&configuration.file);
        process::run_quietly(&mut check)?;
    }
    println!("wrangler accepts every configuration; nothing was deployed");
    Ok(account.calls())
}

fn folder(environment: Environment) -> std::path::PathBuf {
    checkout::path(".redrive/deploy").join(environment.name())
}

/// The deployment itself. What a Worker is bound to goes before it: the executors, the consumer,
/// the producer.
fn deploy(
    account: &mut Account,
    environment: Environment,
    providers: &Providers,
    given: &BTreeMap<String, String>,
    folder: &Path,
) -> Result<Vec<Configuration>> {
    let read = |file: &str, secrets: &[&'static str]| {
        let settings = WorkerSettings::read(&checkout::path(file), secrets)?;
        Configuration::of(&settings, environment, folder)
    };
    let mut consumer = read(settings::CONSUMER, &settings::CONSUMER_SECRETS)?;
    let mut producer = read(settings::PRODUCER, &settings::PRODUCER_SECRETS)?;
    let executors = executor::GUESTS
        .iter()
        .map(|guest| read(&guest.configuration(), &[]))
        .collect::<Result<Vec<_>>>()?;
    consumer.hand_over(providers, true);
    producer.hand_over(providers, false);

    let databases = account.databases(&consumer.databases()?)?;
    let namespaces = account.namespaces(&[configuration::namespace(environment)])?;
    for queue in consumer.queues()? {
        account.queue(&queue)?;
    }
    for bucket in consumer.buckets()? {
        account.bucket(&bucket)?;
    }
    for configuration in [&mut consumer, &mut producer] {
        configuration.set_ids(&databases, &namespaces, environment)?;
        configuration.write()?;
    }
    for configuration in &executors {
        configuration.write()?;
    }
    for configuration in [&consumer, &producer] {
        secrets::provide(account, configuration, given)
            .with_context(|| format!("the secrets of {}", configuration.worker))?;
    }
    for database in databases.keys() {
        account.migrate(database, &consumer.file)?;
    }
    let mut configurations = executors;
    configurations.extend([consumer, producer]);
    for configuration in &configurations {
        account.deploy(&configuration.file)?;
    }
    Ok(configurations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imagine(environment: Environment) -> (Vec<String>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let mut account = Account::imagined();
        let given = BTreeMap::from([("ADMIN_KEY".to_owned(), "s3cret".repeat(8))]);
        let providers = Providers::read(None).unwrap();
        deploy(&mut account, environment, &providers, &given, folder.path()).unwrap();
        (account.calls(), folder)
    }

    fn position(calls: &[String], part: &str) -> usize {
        calls
            .iter()
            .position(|call| call.contains(part))
            .unwrap_or_else(|| panic!("no call with {part}: {calls:#?}"))
    }

    #[test]
    fn consumer_is_deployed_before_the_producer_and_after_what_it_needs() {
        let (calls, _folder) = imagine(Environment::Staging);
        let deployed = |call: &String| call.contains("wrangler deploy -c");
        let consumer = calls
            .iter()
            .position(|call| deployed(call) && call.contains("redrive-consumer-staging"))
            .unwrap();
        assert!(calls[consumer + 1].contains("redrive-producer-staging"));
        for needed in [
            "d1 create redrive-staging",
            "kv namespace create redrive-status-staging",
            "queues create redrive-jobs-staging",
            "queues create redrive-bulk-jobs-staging",
            "queues create redrive-tasks-staging",
            "queues create redrive-dead-letters-staging",
            "d1 migrations apply redrive-staging --remote",
        ] {
            assert!(position(&calls, needed) < consumer, "{needed}");
        }
    }

    #[test]
    fn every_executor_is_deployed_before_the_consumer_and_gets_no_secret() {
        let (calls, folder) = imagine(Environment::Production);
        let of = |worker: &str| {
            let is_its = |call: &&String| call.contains(&format!("{worker}/wrangler.json"));
            let mut found = calls.iter().enumerate();
            let mut places = Vec::new();
            while let Some((place, _)) = found.find(|(_, call)| is_its(call)) {
                places.push(place);
            }
            places
        };
        let consumer = *of("redrive-consumer-production").last().unwrap();
        for guest in executor::GUESTS {
            let worker = format!("{}-production", guest.package);
            let [deployed] = of(&worker).try_into().unwrap();
            assert!(calls[deployed].contains("wrangler deploy"), "{worker}");
            assert!(deployed < consumer, "{worker}");
            let file = folder.path().join(&worker).join("wrangler.json");
            let text = std::fs::read_to_string(file).unwrap();
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(document["name"], worker);
            for binding in [
                "vars",
                "services",
                "d1_databases",
                "kv_namespaces",
                "queues",
            ] {
                assert!(document.get(binding).is_none(), "{worker} has {binding}");
            }
        }
    }

    #[test]
    fn no_call_carries_a_secret() {
        let (calls, _folder) = imagine(Environment::Production);
        assert!(calls.iter().any(|call| call.contains("secret bulk")));
        assert!(calls.iter().all(|call| !call.contains("s3cret")));
    }

    #[test]
    fn generated_configuration_is_the_environment_and_nothing_of_another_one() {
        let (_, folder) = imagine(Environment::Production);
        for worker in ["redrive-producer-production", "redrive-consumer-production"] {
            let file = folder.path().join(worker).join("wrangler.json");
            let text = std::fs::read_to_string(file).unwrap();
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(document["name"], worker);
            assert_eq!(document["compatibility_date"], "2026-07-01");
            assert_eq!(
                document["d1_databases"][0]["database_name"],
                "redrive-production"
            );
            assert!(document.get("env").is_none());
            assert!(document["vars"]["PROVIDERS"].is_string());
            assert!(!text.contains("staging"));
            assert!(!text.contains("\"redrive-jobs\""));
        }
    }
}
