//! Who is asked to run code, and how: the executors as providers.

use super::settings::host_of;
use super::{
    Failure, Misconfigured, Provider, ProviderReply, ProviderRequest, ProviderSettings,
    TransportError, executor, piston,
};
use crate::configuration::{Configuration, ProviderConfiguration, Reached};
use crate::execute::{Language, Program, REMOTE_EXECUTOR};
use std::ops::Range;
use std::time::Duration;

/// What is left of a call's time for everything but the runs: the way there and back, and what the
/// executor does between them.
pub(crate) const MARGIN: Duration = Duration::from_secs(5);

/// The least that a call gives its runs, however little time is left.
const LEAST: Duration = Duration::from_secs(1);

/// The executors of a configuration, ready to be asked, each by its name.
pub(super) fn settings<'a>(
    configuration: &'a Configuration,
    secret: &'a impl Fn(&str) -> Option<String>,
) -> impl Iterator<Item = (String, Result<ProviderSettings, Misconfigured>)> + 'a {
    let ours = configuration
        .executor
        .languages
        .iter()
        .map(move |language| {
            let one = ProviderConfiguration {
                reached: Reached::Binding(language.binding().to_owned()),
                ..ProviderConfiguration::new(language.provider(), Provider::Executor, "")
            };
            (one.name.clone(), ProviderSettings::new(one, secret))
        });
    let remote = configuration.remote_executor.iter().map(move |remote| {
        let url = remote.base_url.as_str();
        let mut one = ProviderConfiguration::new(REMOTE_EXECUTOR, Provider::Piston, url);
        one.api_key_secret.clone_from(&remote.api_key_secret);
        let settings = host_of(url)
            .map_err(|rule| Misconfigured::new("remote_executor.base_url", rule))
            .and_then(|_host| ProviderSettings::new(one, secret));
        (REMOTE_EXECUTOR.to_owned(), settings)
    });
    ours.chain(remote)
}

/// How many runs of a program one request may ask for.
pub(crate) fn runs_at_once(settings: &ProviderSettings, program: &Program<'_>) -> usize {
    match settings.configuration.kind {
        Provider::Piston => 1,
        Provider::Executor
        | Provider::OpenAi
        | Provider::AzureOpenAi
        | Provider::Anthropic
        | Provider::WorkersAi
        | Provider::Compatible => program.runs.len(),
    }
}

/// The request for some of a program's runs, when a call may take `left`.
///
/// # Errors
/// The provider runs no code, or not this language.
pub(crate) fn request(
    settings: &ProviderSettings,
    program: &Program<'_>,
    runs: Range<usize>,
    left: Duration,
) -> Result<ProviderRequest, Failure> {
    let total = left.saturating_sub(MARGIN).max(LEAST);
    match settings.configuration.kind {
        Provider::Executor => {
            let language = Language::named(program.language);
            let language = language.ok_or_else(|| {
                Misconfigured::new(settings.name(), "does not run the language of the job")
            })?;
            Ok(executor::request(language, program, runs, total))
        }
        Provider::Piston => {
            let run = program.runs.get(runs.start);
            Ok(piston::request(settings, program, run, total)?)
        }
        Provider::OpenAi
        | Provider::AzureOpenAi
        | Provider::Anthropic
        | Provider::WorkersAi
        | Provider::Compatible => Err(Misconfigured::new(settings.name(), "runs no code").into()),
    }
}

/// Whether so much time is enough for another call, after one that was answered.
pub(crate) fn is_enough(program: &Program<'_>, left: Duration) -> bool {
    left >= Duration::from_millis(program.limits.time_ms.into()) + MARGIN
}

/// Whether the runs of a call gave more than one reply can hold.
pub(crate) fn is_too_much(reply: &Result<ProviderReply, TransportError>) -> bool {
    executor::is_too_much(reply)
}
