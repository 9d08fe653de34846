//! The Workers' secrets: taken from the environment, handed to `wrangler` on its standard input.

use std::collections::BTreeMap;
use std::env;

use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value};

use super::account::Account;
use super::configuration::Configuration;
use crate::providers::Providers;
use crate::settings::{CONSUMER_SECRETS, PRODUCER_SECRETS};

/// Shorter ones could be guessed; the producer refuses them as well.
const SHORTEST: usize = 32;

/// The secrets that the environment gives, those of the providers among them.
pub(super) fn from_environment(providers: &Providers) -> BTreeMap<String, String> {
    let own = PRODUCER_SECRETS.iter().chain(&CONSUMER_SECRETS);
    own.map(|name| (*name).to_owned())
        .chain(providers.secrets())
        .filter_map(|name| env::var(&name).ok().map(|value| (name, value)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Refuses a given secret that is too short, before anything is changed.
pub(super) fn check(given: &BTreeMap<String, String>) -> Result<()> {
    for name in PRODUCER_SECRETS {
        let long_enough = given.get(name).is_none_or(|value| value.len() >= SHORTEST);
        ensure!(
            long_enough,
            "{name} must have {SHORTEST} characters or more"
        );
    }
    Ok(())
}

/// Sets the given secrets of one Worker, leaves the others as they are, and refuses to go on
/// without one that is neither given nor there.
pub(super) fn provide(
    account: &mut Account,
    configuration: &Configuration,
    given: &BTreeMap<String, String>,
) -> Result<()> {
    let there = account.secrets(&configuration.file)?;
    let missing: Vec<&str> = configuration
        .secrets
        .iter()
        .map(String::as_str)
        .filter(|name| !given.contains_key(*name) && !there.iter().any(|known| known == name))
        .collect();
    if !missing.is_empty() && !account.is_imagined() {
        bail!(
            "missing: {}. Set it in the environment of this command, once",
            missing.join(", ")
        );
    }
    for name in missing {
        println!("  {name} is not in the environment: a first deployment needs it");
    }
    let own: Map<String, Value> = configuration
        .secrets
        .iter()
        .filter_map(|name| Some((name.clone(), Value::String(given.get(name)?.clone()))))
        .collect();
    if own.is_empty() {
        return Ok(());
    }
    account.set_secrets(&configuration.file, own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_secret_is_refused_by_name() {
        let given = BTreeMap::from([("ADMIN_KEY".to_owned(), "short".to_owned())]);
        let error = check(&given).unwrap_err().to_string();
        assert!(
            error.contains("ADMIN_KEY") && !error.contains("short"),
            "{error}"
        );
    }
}
