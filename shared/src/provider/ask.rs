//! Which protocol builds the request to which provider.

use super::{
    Action, Failure, Misconfigured, Provider, ProviderRequest, ProviderSettings, openai_chat,
};
use crate::error_code::ErrorCode;
use crate::request::GenerateInput;
use serde_json::Value;

/// The request that asks a provider for `model`.
///
/// # Errors
/// No request can be made: a setting is wrong, or the provider cannot do what is asked.
pub fn generate(
    settings: &ProviderSettings,
    model: &str,
    input: &GenerateInput,
) -> Result<ProviderRequest, Failure> {
    match settings.configuration.kind {
        Provider::OpenAi | Provider::Compatible => {
            Ok(openai_chat::request(settings, model, input)?)
        }
        Provider::AzureOpenAi
        | Provider::Anthropic
        | Provider::WorkersAi
        | Provider::Executor
        | Provider::Piston => Err(Misconfigured::new(settings.name(), "is not a model").into()),
    }
}

/// The request that asks for an answer the provider works on.
///
/// # Errors
/// The provider has no such interface.
pub fn poll(settings: &ProviderSettings, response_id: &str) -> Result<ProviderRequest, Failure> {
    let message = format!(
        "{} does not work in the background: {response_id}",
        settings.name()
    );
    Err(Failure::ours(
        ErrorCode::ProviderBadResponse,
        Action::DeadLetter,
        message,
    ))
}

/// The request that gives a provider back what it said when it paused; `None` when it cannot.
#[must_use]
pub fn go_on(_asked: &ProviderRequest, _said: &Value) -> Option<ProviderRequest> {
    None
}
