//! The Workers' configuration files, and the copies of them that a local stack runs on.
//!
//! `wrangler dev` gives `--var` to the first Worker only, so every stack gets copies in its state
//! folder, with absolute paths and its own variables in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value, json};

use crate::credentials::write_private;

/// The producer's configuration, relative to the checkout.
pub(crate) const PRODUCER: &str = "wrangler.toml";
/// The consumer's configuration, relative to the checkout.
pub(crate) const CONSUMER: &str = "consumer/wrangler.toml";
/// The local gateway's configuration, relative to the checkout.
pub(crate) const GATEWAY: &str = "xtask/gateway/wrangler.toml";

/// What the producer keeps to itself.
pub(crate) const PRODUCER_SECRETS: [&str; 2] = ["ADMIN_KEY", "KEY_HASH_SECRET"];
/// What the consumer keeps to itself, but for what its providers need: see [`crate::providers`].
pub(crate) const CONSUMER_SECRETS: [&str; 0] = [];

/// One Worker's configuration, with every path in it absolute.
#[derive(Debug, Clone)]
pub(crate) struct WorkerSettings {
    /// As `wrangler` reads it; a JSON file may say whatever a TOML file may.
    pub(crate) document: Map<String, Value>,
    /// The names that are secrets of this Worker.
    pub(crate) secrets: Vec<String>,
}

impl WorkerSettings {
    /// Reads a `wrangler.toml`.
    pub(crate) fn read(file: &Path, secrets: &[&str]) -> Result<Self> {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut document: Map<String, Value> =
            toml::from_str(&text).with_context(|| format!("cannot parse {}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        make_absolute(&mut document, folder);
        if let Some(Value::Object(environments)) = document.get_mut("env") {
            for environment in environments.values_mut().filter_map(Value::as_object_mut) {
                make_absolute(environment, folder);
            }
        }
        Ok(Self {
            document,
            secrets: secrets.iter().map(|name| (*name).to_owned()).collect(),
        })
    }

    /// The Worker's name.
    pub(crate) fn name(&self) -> Result<&str> {
        self.document
            .get("name")
            .and_then(Value::as_str)
            .context("a Worker's configuration has no name")
    }

    /// Whether the Worker uses D1, so that migrations have to be applied.
    pub(crate) fn database(&self) -> Option<&str> {
        self.document.get("d1_databases")?.get(0)?["database_name"].as_str()
    }

    /// The file that `wrangler` serves.
    pub(crate) fn main(&self) -> Result<PathBuf> {
        let main = self.document.get("main").and_then(Value::as_str);
        Ok(PathBuf::from(
            main.context("a Worker's configuration has no main")?,
        ))
    }

    /// Has `wrangler` serve another file.
    pub(crate) fn set_main(&mut self, main: &Path) {
        let main = Value::String(main.to_string_lossy().into_owned());
        self.document.insert("main".to_owned(), main);
    }

    /// Gives the Worker a variable, which need not be text.
    pub(crate) fn set_variable(&mut self, name: &str, value: Value) {
        let vars = self.document.entry("vars");
        if let Value::Object(vars) = vars.or_insert_with(|| Value::Object(Map::new())) {
            vars.insert(name.to_owned(), value);
        }
    }

    /// Binds the Worker to another one of the same stack.
    pub(crate) fn bind_service(&mut self, binding: &str, service: &str) {
        let services = self.document.entry("services");
        if let Value::Array(services) = services.or_insert_with(|| Value::Array(Vec::new())) {
            services.push(json!({"binding": binding, "service": service}));
        }
    }

    /// Binds the Worker to a bucket, in place of the one that it may have under this name.
    pub(crate) fn bind_bucket(&mut self, binding: &str, bucket: &str) {
        let buckets = self.document.entry("r2_buckets");
        if let Value::Array(buckets) = buckets.or_insert_with(|| Value::Array(Vec::new())) {
            buckets.retain(|bound| bound.get("binding").is_none_or(|name| name != binding));
            buckets.push(json!({"binding": binding, "bucket_name": bucket}));
        }
    }

    /// Whether the Worker reads a variable or a secret of this name.
    pub(crate) fn knows(&self, variable: &str) -> bool {
        self.secrets.iter().any(|name| name == variable)
            || self
                .document
                .get("vars")
                .is_some_and(|vars| vars.get(variable).is_some())
    }

    /// Writes the copy that a local stack runs on: `wrangler.json`, and the secrets beside it in
    /// `.dev.vars`, which `wrangler` does not print. Gives back the first one's path.
    pub(crate) fn write_local(
        &self,
        folder: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Result<PathBuf> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut document = self.document.clone();
        document.remove("env");
        let mut secrets = String::new();
        for (name, value) in variables.iter().filter(|(name, _)| self.knows(name)) {
            if self.secrets.contains(name) {
                secrets.push_str(&dotenv_line(name, value)?);
            } else if let Some(Value::Object(vars)) = document.get_mut("vars") {
                vars.insert(name.clone(), Value::String(value.clone()));
            }
        }
        write_private(&folder.join(".dev.vars"), &secrets)?;
        let file = folder.join("wrangler.json");
        fs::write(&file, serde_json::to_string_pretty(&document)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
        Ok(file)
    }
}

/// Refuses variables that none of the Workers reads: a typing error would go unnoticed.
pub(crate) fn refuse_unknown(
    variables: &BTreeMap<String, String>,
    workers: &[WorkerSettings],
) -> Result<()> {
    for name in variables.keys() {
        ensure!(
            workers.iter().any(|worker| worker.knows(name)),
            "no Worker has a variable {name}: it is neither in a wrangler.toml nor a secret"
        );
    }
    Ok(())
}

fn make_absolute(document: &mut Map<String, Value>, folder: &Path) {
    let absolute = |value: &mut Value| {
        if let Some(path) = value.as_str() {
            *value = Value::String(folder.join(path).to_string_lossy().into_owned());
        }
    };
    if let Some(main) = document.get_mut("main") {
        absolute(main);
    }
    if let Some(directory) = document
        .get_mut("assets")
        .and_then(|assets| assets.get_mut("directory"))
    {
        absolute(directory);
    }
    if let Some(Value::Array(databases)) = document.get_mut("d1_databases") {
        for database in databases {
            if let Some(migrations) = database.get_mut("migrations_dir") {
                absolute(migrations);
            }
        }
    }
}

fn dotenv_line(name: &str, value: &str) -> Result<String> {
    if value.contains(['\'', '\n', '\r']) {
        bail!("{name} must hold neither a quote nor a line break");
    }
    Ok(format!("{name}='{value}'\n"))
}
