//! Which protocol builds the request to which provider.

use super::{
    Action, Api, Failure, Fallback, Misconfigured, Provider, ProviderRequest, ProviderSettings,
    anthropic, azure, capabilities, openai_chat, openai_responses, workers_ai,
};
use crate::error_code::ErrorCode;
use crate::request::GenerateInput;
use serde_json::Value;

/// The request that asks a provider for `model`.
///
/// # Errors
/// No request can be made: a setting is wrong, or the provider cannot do what is asked. The latter
/// was refused when the job was submitted or replayed, but a deployment may have brought another
/// configuration since.
pub fn generate(
    settings: &ProviderSettings,
    model: &str,
    input: &GenerateInput,
) -> Result<ProviderRequest, Failure> {
    let configuration = &settings.configuration;
    let unsupported = capabilities::unsupported(configuration, model, input);
    match (configuration.kind, configuration.api) {
        (Provider::Executor | Provider::Piston, _) => {
            Err(Misconfigured::new(settings.name(), "is not a model").into())
        }
        _ if !unsupported.is_empty() => Err(cannot(&unsupported)),
        (Provider::OpenAi | Provider::Compatible, Api::Chat) => {
            Ok(openai_chat::request(settings, model, input)?)
        }
        (Provider::OpenAi | Provider::Compatible, Api::Responses) => {
            Ok(openai_responses::request(settings, model, input)?)
        }
        (Provider::AzureOpenAi, _) => Ok(azure::request(settings, model, input)?),
        (Provider::Anthropic, _) => Ok(anthropic::request(settings, model, input)?),
        (Provider::WorkersAi, _) => Ok(workers_ai::request(settings, model, input)?),
    }
}

fn cannot(unsupported: &[(String, String)]) -> Failure {
    let rules = unsupported.iter();
    let rules = rules.map(|(pointer, rule)| format!("`{pointer}` {rule}"));
    let rules: Vec<String> = rules.collect();
    let message = format!(
        "The provider, as it is configured now, cannot do what is asked: {}.",
        rules.join("; ")
    );
    Failure {
        fallback: Fallback::Now,
        ..Failure::ours(
            ErrorCode::ProviderMisconfigured,
            Action::DeadLetter,
            message,
        )
    }
}

/// The request that asks for an answer the provider works on.
///
/// # Errors
/// The provider has no such interface, or the name it gave the answer is none.
pub fn poll(settings: &ProviderSettings, response_id: &str) -> Result<ProviderRequest, Failure> {
    let configuration = &settings.configuration;
    let failed = |message: String| {
        Failure::ours(ErrorCode::ProviderBadResponse, Action::DeadLetter, message)
    };
    if !openai_responses::is_response_id(response_id) {
        let message = format!(
            "{} gave the answer to come no usable name.",
            settings.name()
        );
        return Err(failed(message));
    }
    match (configuration.kind, configuration.api) {
        (Provider::OpenAi | Provider::Compatible, Api::Responses) => {
            Ok(openai_responses::poll(settings, response_id)?)
        }
        (Provider::AzureOpenAi, Api::Responses) => Ok(azure::poll(settings, response_id)?),
        (
            Provider::OpenAi
            | Provider::AzureOpenAi
            | Provider::Compatible
            | Provider::Anthropic
            | Provider::WorkersAi
            | Provider::Executor
            | Provider::Piston,
            _,
        ) => Err(failed(format!(
            "{} does not work in the background: {response_id}",
            settings.name()
        ))),
    }
}

/// The request that gives a provider back what it said when it paused; `None` when it cannot.
#[must_use]
pub fn go_on(asked: &ProviderRequest, said: &Value) -> Option<ProviderRequest> {
    anthropic::go_on(asked, said)
}

#[cfg(test)]
mod tests;
