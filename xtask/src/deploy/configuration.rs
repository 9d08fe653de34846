//! One Worker's configuration for one environment, with the account's ids in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use super::Environment;
use crate::providers::Providers;
use crate::settings::WorkerSettings;

/// What an environment does not inherit from the top of the file, as `wrangler` defines it, as far
/// as Redrive uses it.
const NOT_INHERITED: [&str; 7] = [
    "env",
    "vars",
    "d1_databases",
    "kv_namespaces",
    "queues",
    "r2_buckets",
    "services",
];

/// A generated `wrangler.json`.
#[derive(Debug)]
pub(super) struct Configuration {
    /// The Worker's name in this environment.
    pub(super) worker: String,
    /// Where the file goes.
    pub(super) file: PathBuf,
    /// The names that are secrets of this Worker.
    pub(super) secrets: Vec<String>,
    document: Map<String, Value>,
}

/// The name of the KV namespace, which a configuration knows by its id only.
pub(super) fn namespace(environment: Environment) -> String {
    format!("redrive-status-{}", environment.name())
}

impl Configuration {
    /// Flattens the environment, as `wrangler --env` would.
    pub(super) fn of(
        settings: &WorkerSettings,
        environment: Environment,
        folder: &Path,
    ) -> Result<Self> {
        let name = environment.name();
        let own = settings
            .document
            .get("env")
            .and_then(|environments| environments.get(name)?.as_object())
            .with_context(|| format!("a wrangler.toml has no environment {name}"))?;
        let mut document = settings.document.clone();
        document.retain(|key, _| !NOT_INHERITED.contains(&key.as_str()));
        document.extend(own.clone());
        let worker = document
            .get("name")
            .and_then(Value::as_str)
            .context("a Worker has no name")?
            .to_owned();
        Ok(Self {
            file: folder.join(&worker).join("wrangler.json"),
            worker,
            secrets: settings.secrets.clone(),
            document,
        })
    }

    /// The D1 databases by name.
    pub(super) fn databases(&self) -> Result<Vec<String>> {
        names(self.document.get("d1_databases"), "database_name")
    }

    /// The R2 buckets by name; none where files are kept in D1.
    pub(super) fn buckets(&self) -> Result<Vec<String>> {
        names(self.document.get("r2_buckets"), "bucket_name")
    }

    /// The queues by name.
    pub(super) fn queues(&self) -> Result<Vec<String>> {
        let queues = self.document.get("queues");
        names(queues.and_then(|queues| queues.get("producers")), "queue")
    }

    /// Hands the providers over: to the consumer with their secrets and its binding of Workers AI.
    pub(super) fn hand_over(&mut self, providers: &Providers, is_consumer: bool) {
        let vars = self.document.entry("vars");
        if let Value::Object(vars) = vars.or_insert_with(|| Value::Object(Map::new())) {
            let parts = providers.variables().into_iter();
            vars.extend(parts.map(|(name, part)| (name, Value::String(part))));
        }
        if is_consumer {
            self.secrets.extend(providers.secrets());
            providers.bind(&mut self.document, false);
        }
    }

    /// Puts the account's ids in the places of the placeholders.
    pub(super) fn set_ids(
        &mut self,
        databases: &BTreeMap<String, String>,
        namespaces: &BTreeMap<String, String>,
        environment: Environment,
    ) -> Result<()> {
        for database in tables(&mut self.document, "d1_databases") {
            let name = database.get("database_name").and_then(Value::as_str);
            let id = name.and_then(|name| databases.get(name));
            let id = id.context("a database has no id")?.clone();
            database.insert("database_id".to_owned(), Value::String(id));
        }
        for table in tables(&mut self.document, "kv_namespaces") {
            let id = namespaces.get(&namespace(environment));
            let id = id.context("a KV namespace has no id")?.clone();
            table.insert("id".to_owned(), Value::String(id));
        }
        Ok(())
    }

    /// Writes the file.
    pub(super) fn write(&self) -> Result<()> {
        let context = || format!("cannot write {}", self.file.display());
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(context)?;
        }
        fs::write(&self.file, serde_json::to_string_pretty(&self.document)?).with_context(context)
    }
}

fn tables<'a>(
    document: &'a mut Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    document
        .get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

fn names(list: Option<&Value>, key: &str) -> Result<Vec<String>> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|entry| {
            let name = entry.get(key).and_then(Value::as_str);
            name.map(str::to_owned)
                .with_context(|| format!("an entry has no {key}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::account::Account;
    use super::*;
    use serde_json::json;

    #[test]
    fn bucket_of_an_environment_is_made_and_that_of_another_is_not() {
        let bucket = |name: &str| json!([{"binding": "FILES", "bucket_name": name}]);
        let document = json!({
            "name": "worker",
            "r2_buckets": bucket("local"),
            "env": {
                "staging": {"name": "worker-staging", "r2_buckets": bucket("files-staging")},
                "production": {"name": "worker-production"},
            },
        });
        let settings = WorkerSettings {
            document: document.as_object().unwrap().clone(),
            secrets: Vec::new(),
        };
        let buckets = |environment| {
            let folder = Path::new("folder");
            let configuration = Configuration::of(&settings, environment, folder).unwrap();
            configuration.buckets().unwrap()
        };
        assert_eq!(buckets(Environment::Staging), ["files-staging"]);
        assert_eq!(buckets(Environment::Production), [""; 0]);
        let mut account = Account::imagined();
        account.bucket("files-staging").unwrap();
        let made = "wrangler r2 bucket create files-staging".to_owned();
        assert_eq!(account.calls().last(), Some(&made));
    }
}
