//! The Worker's settings, and what is wrong with them.

use crate::transport::is_bound;
use redrive_shared::cloudflare::{Bindings, setting, whole_number};
use redrive_shared::configuration::{Configuration, ConfigurationMemory};
use redrive_shared::provider::Providers;
use redrive_shared::run::RunSettings;
use std::sync::Arc;
use std::time::Duration;
use worker::Env;

/// What this isolate read of the providers.
static CONFIGURATION: ConfigurationMemory = ConfigurationMemory::new();

/// The settings of a run. A secret or a binding of a provider that is missing is found when it is
/// asked, and told by the job; what is wrong with the configuration or with the lengths of time is
/// told here.
///
/// # Errors
/// A sentence that names what is wrong.
pub(crate) fn run_settings(env: &Env) -> Result<RunSettings, String> {
    let providers = providers(env).map_err(|mistakes| mistakes.join("; "))?;
    Ok(RunSettings {
        providers,
        attempt_timeout: attempt_timeout(env)?,
        lease_margin: lease_margin(env)?,
    })
}

/// At most 400 s: a delivery of ten jobs calls in two rounds, and an invocation lasts 15 minutes.
fn attempt_timeout(env: &Env) -> Result<Duration, String> {
    whole_number(env, "ATTEMPT_TIMEOUT_SECONDS", 1..=400, 120).map(seconds)
}

fn lease_margin(env: &Env) -> Result<Duration, String> {
    whole_number(env, "LEASE_MARGIN_SECONDS", 5..=600, 60).map(seconds)
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(u64::from(number))
}

/// Whom jobs may ask.
///
/// # Errors
/// A sentence that names what is wrong.
pub(crate) fn configuration(env: &Env) -> Result<Arc<Configuration>, String> {
    let found = CONFIGURATION.find(|name| setting(env, name));
    found.map_err(|mistakes| mistakes.join("; "))
}

fn providers(env: &Env) -> Result<Providers, Vec<String>> {
    let variable = |name: &str| setting(env, name);
    match CONFIGURATION.find(variable) {
        Ok(configuration) => {
            let providers = Providers::new((*configuration).clone(), variable);
            Ok(providers.with_bindings(|binding| is_bound(env, binding)))
        }
        Err(mistakes) => Err(mistakes.to_vec()),
    }
}

/// Seconds a job may be due before the sweep calls its message lost.
///
/// # Errors
/// A sentence that names the variable.
pub(crate) fn sweep_grace_seconds(env: &Env) -> Result<u32, String> {
    whole_number(env, "SWEEP_GRACE_SECONDS", 1..=3600, 60)
}

/// What keeps this Worker from doing its work, in sentences for the operator; empty when ready.
pub(crate) fn problems(env: &Env) -> Vec<String> {
    let mut problems = Vec::new();
    problems.extend(attempt_timeout(env).err());
    problems.extend(lease_margin(env).err());
    problems.extend(sweep_grace_seconds(env).err());
    match providers(env) {
        Ok(ready) => problems.extend(ready.problems()),
        Err(mistakes) => problems.extend(mistakes),
    }
    problems.extend(Bindings::new(env).err().map(|error| error.to_string()));
    problems
}
