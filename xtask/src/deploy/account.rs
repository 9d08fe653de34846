//! The calls of `wrangler` that read or change an account.
//!
//! Each is printed before it is made. An imagined account is empty and only prints them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use crate::{checkout, process, wrangler};

/// Seconds that a queue holds a message back by default: none; a delay is the message's own.
const DELIVERY_DELAY_SECONDS: &str = "0";
/// Seconds that a queue keeps a message: a day, which every plan allows. A job whose message is
/// gone is in D1 all the same, and the sweep sends it again.
const RETENTION_SECONDS: &str = "86400";
/// What a new id looks like in a dry run.
const IMAGINED_ID: &str = "00000000-0000-0000-0000-000000000000";

/// An account, real or imagined, and the calls made so far.
#[derive(Debug)]
pub(super) struct Account {
    imagined: bool,
    calls: Vec<String>,
}

impl Account {
    /// The account that `wrangler` is logged in to.
    pub(super) fn real() -> Self {
        Self {
            imagined: false,
            calls: Vec::new(),
        }
    }

    /// An empty account; no call is made.
    pub(super) fn imagined() -> Self {
        Self {
            imagined: true,
            calls: Vec::new(),
        }
    }

    /// Whether no call is made.
    pub(super) fn is_imagined(&self) -> bool {
        self.imagined
    }

    /// Every call so far, as it would be typed.
    pub(super) fn calls(self) -> Vec<String> {
        self.calls
    }

    /// The ids of the databases of these names; those that are missing are created.
    pub(super) fn databases(&mut self, names: &[String]) -> Result<BTreeMap<String, String>> {
        let list = ["d1", "list", "--json"];
        self.ids(names, &list, ("name", "uuid"), &["d1", "create"])
    }

    /// The ids of the KV namespaces of these names; those that are missing are created.
    pub(super) fn namespaces(&mut self, names: &[String]) -> Result<BTreeMap<String, String>> {
        let list = ["kv", "namespace", "list"];
        self.ids(
            names,
            &list,
            ("title", "id"),
            &["kv", "namespace", "create"],
        )
    }

    fn ids(
        &mut self,
        names: &[String],
        list: &[&str],
        (name_key, id_key): (&str, &str),
        create: &[&str],
    ) -> Result<BTreeMap<String, String>> {
        let mut there = parse_ids(&self.read(list)?, name_key, id_key)?;
        let missing: Vec<&String> = names
            .iter()
            .filter(|name| !there.contains_key(*name))
            .collect();
        for name in &missing {
            self.change(&[create, &[name.as_str()]].concat(), None)?;
        }
        if self.imagined {
            there = names
                .iter()
                .map(|name| (name.clone(), IMAGINED_ID.to_owned()))
                .collect();
        } else if !missing.is_empty() {
            there = parse_ids(&self.read(list)?, name_key, id_key)?;
        }
        names
            .iter()
            .map(|name| {
                let id = there.get(name);
                let id = id.with_context(|| format!("{name} was created, but it is not listed"))?;
                Ok((name.clone(), id.clone()))
            })
            .collect()
    }

    /// Creates an R2 bucket unless it exists.
    pub(super) fn bucket(&mut self, name: &str) -> Result<()> {
        if self.exists(&["r2", "bucket", "info", name], "does not exist")? {
            return Ok(());
        }
        self.change(&["r2", "bucket", "create", name], None)
    }

    /// Creates a queue unless it exists, and sets what belongs to the queue itself.
    pub(super) fn queue(&mut self, name: &str) -> Result<()> {
        let settings = [
            "--delivery-delay-secs",
            DELIVERY_DELAY_SECONDS,
            "--message-retention-period-secs",
            RETENTION_SECONDS,
        ];
        let verb = if self.exists(&["queues", "info", name], "does not exist")? {
            "update"
        } else {
            "create"
        };
        self.change(&[&["queues", verb, name][..], &settings].concat(), None)
    }

    /// The names of the secrets that a Worker has; none if there is no such Worker yet.
    pub(super) fn secrets(&mut self, configuration: &Path) -> Result<Vec<String>> {
        let file = configuration.to_string_lossy();
        let list = ["secret", "list", "--format", "json", "-c", &file];
        let Some(output) = self.output(&list)? else {
            return Ok(Vec::new());
        };
        if !output.status.success() {
            let said = said(&output);
            if said.contains("not found") {
                return Ok(Vec::new());
            }
            bail!("wrangler secret list failed: {said}");
        }
        let listed: Vec<Value> = serde_json::from_slice(&output.stdout)?;
        Ok(listed
            .iter()
            .filter_map(|secret| Some(secret["name"].as_str()?.to_owned()))
            .collect())
    }

    /// Sets secrets of a Worker. Their values go through a pipe, never over the command line.
    pub(super) fn set_secrets(
        &mut self,
        configuration: &Path,
        secrets: Map<String, Value>,
    ) -> Result<()> {
        let names: Vec<&str> = secrets.keys().map(String::as_str).collect();
        println!("  on its standard input: {}", names.join(", "));
        let file = configuration.to_string_lossy();
        let text = Value::Object(secrets).to_string();
        self.change(&["secret", "bulk", "-c", &file], Some(&text))
    }

    /// Applies the migrations that a database has not seen yet.
    pub(super) fn migrate(&mut self, database: &str, configuration: &Path) -> Result<()> {
        let file = configuration.to_string_lossy();
        let apply = [
            "d1",
            "migrations",
            "apply",
            database,
            "--remote",
            "-c",
            &file,
        ];
        self.change(&apply, None)
    }

    /// Uploads a Worker and puts it to work.
    pub(super) fn deploy(&mut self, configuration: &Path) -> Result<()> {
        let file = configuration.to_string_lossy();
        self.change(&["deploy", "-c", &file], None)
    }

    fn note(&mut self, arguments: &[&str]) {
        let call = format!("wrangler {}", arguments.join(" "));
        println!("$ {call}");
        self.calls.push(call);
    }

    /// A call that only reads: what it printed, or an empty list from an imagined account.
    fn read(&mut self, arguments: &[&str]) -> Result<String> {
        let Some(output) = self.output(arguments)? else {
            return Ok("[]".to_owned());
        };
        if !output.status.success() {
            bail!("wrangler {} failed: {}", arguments.join(" "), said(&output));
        }
        String::from_utf8(output.stdout).context("wrangler printed no text")
    }

    /// Whether a call that asks for one thing finds it. Any other failure is an error.
    fn exists(&mut self, arguments: &[&str], absent: &str) -> Result<bool> {
        let Some(output) = self.output(arguments)? else {
            return Ok(false);
        };
        if output.status.success() {
            return Ok(true);
        }
        let said = said(&output);
        if said.contains(absent) {
            return Ok(false);
        }
        bail!("wrangler {} failed: {said}", arguments.join(" "))
    }

    fn output(&mut self, arguments: &[&str]) -> Result<Option<Output>> {
        self.note(arguments);
        if self.imagined {
            return Ok(None);
        }
        let mut command = wrangler::command(checkout::root(), arguments)?;
        Ok(Some(command.output().context("cannot start wrangler")?))
    }

    fn change(&mut self, arguments: &[&str], input: Option<&str>) -> Result<()> {
        self.note(arguments);
        if self.imagined {
            return Ok(());
        }
        let mut command = wrangler::command(checkout::root(), arguments)?;
        let Some(text) = input else {
            return process::run(command.stdin(Stdio::null()));
        };
        let mut child = command.stdin(Stdio::piped()).spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(text.as_bytes())?;
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("wrangler {} ended with {status}", arguments.join(" "));
        }
        Ok(())
    }
}

fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams
        .map(|stream| String::from_utf8_lossy(stream).trim().to_owned())
        .join("\n")
}

fn parse_ids(list: &str, name_key: &str, id_key: &str) -> Result<BTreeMap<String, String>> {
    let entries: Vec<Value> =
        serde_json::from_str(list).context("wrangler listed something unexpected")?;
    Ok(entries
        .iter()
        .filter_map(|entry| {
            let name = entry.get(name_key)?.as_str()?.to_owned();
            Some((name, entry.get(id_key)?.as_str()?.to_owned()))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_what_wrangler_lists() {
        let list = r#"[{"uuid":"1-2","name":"redrive-staging","version":"production"}]"#;
        let ids = parse_ids(list, "name", "uuid").unwrap();
        assert_eq!(
            ids,
            BTreeMap::from([("redrive-staging".into(), "1-2".into())])
        );
        parse_ids("You are not logged in", "name", "uuid").unwrap_err();
    }
}
