//! The Worker's settings, and what is wrong with them.

use redrive_shared::cloudflare::{Bindings, check_binding, setting, whole_number};
use redrive_shared::configuration::{Configuration, ProviderConfiguration};
use redrive_shared::provider::{Provider, Providers};
use redrive_shared::run::RunSettings;
use std::time::Duration;
use worker::Env;

/// Where the provider is when only a key is given.
const OPENAI: &str = "https://api.openai.com/v1";

/// The settings of a run. What is wrong with the provider's is found when it is asked, and told
/// by the job; what is wrong with the lengths of time is told here.
///
/// # Errors
/// A sentence that names the variable.
pub(crate) fn run_settings(env: &Env) -> Result<RunSettings, String> {
    let seconds = |name, range, default| {
        whole_number(env, name, range, default).map(|number| Duration::from_secs(u64::from(number)))
    };
    Ok(RunSettings {
        providers: providers(env),
        attempt_timeout: seconds("ATTEMPT_TIMEOUT_SECONDS", 1..=400, 120)?,
        lease_margin: seconds("LEASE_MARGIN_SECONDS", 5..=600, 60)?,
    })
}

fn providers(env: &Env) -> Providers {
    let url = setting(env, "OPENAI_BASE_URL").unwrap_or_else(|| OPENAI.to_owned());
    let mut one = ProviderConfiguration::new("openai_compatible", Provider::Compatible, url);
    one.api_key_secret = setting(env, "OPENAI_API_KEY").map(|_| "OPENAI_API_KEY".to_owned());
    one.default_model = setting(env, "OPENAI_MODEL");
    Providers::new(Configuration::single(one), |name| setting(env, name))
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
    problems.extend(run_settings(env).err());
    problems.extend(sweep_grace_seconds(env).err());
    let providers = providers(env);
    problems.extend(providers.problems());
    let executors = providers.configuration().executor.languages.iter();
    problems.extend(executors.filter_map(|one| check_binding(env, one.binding()).err()));
    problems.extend(Bindings::new(env).err().map(|error| error.to_string()));
    problems
}
