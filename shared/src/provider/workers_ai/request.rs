use crate::configuration::Reached;
use crate::provider::message::WireMessage;
use crate::provider::openai_chat::{WirePart, messages};
use crate::provider::outgoing::{self, KeyField};
use crate::provider::wording::{self, JsonFields};
use crate::provider::{Destination, Misconfigured, ProviderRequest, ProviderSettings};
use crate::request::{GenerateInput, ResponseFormat};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The fields that only a request's own fields set.
pub(in crate::provider) const RESERVED: &[&str] = &[
    "/model",
    "/prompt",
    "/messages",
    "/stream",
    "/max_tokens",
    "/temperature",
    "/top_p",
    "/seed",
    "/response_format",
];

/// The input of a model, over HTTP and by the binding alike.
#[derive(Serialize)]
struct Body<'a> {
    messages: Vec<WireMessage<'a, WirePart<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
    #[serde(flatten)]
    options: Map<String, Value>,
}

/// The request that asks `input`.
///
/// # Errors
/// A setting is missing or wrong, or the model's name is none, so that no request can be made.
pub(in crate::provider) fn request(
    settings: &ProviderSettings,
    model: &str,
    input: &GenerateInput,
) -> Result<ProviderRequest, Misconfigured> {
    let body = Body {
        // Models without a JSON mode ignore the field, so it is said in words as well.
        messages: messages(input, wording::hint(input, JsonFields::None)),
        max_tokens: input.max_tokens,
        temperature: input.temperature,
        top_p: input.top_p,
        seed: input.seed,
        response_format: response_format(&input.response_format),
        options: outgoing::options(settings, &input.provider_options, RESERVED),
    };
    let to = destination(settings, model)?;
    Ok(outgoing::post(settings, to, KeyField::Bearer, &[], &body))
}

/// The schema stands by itself, without the name and the flag that OpenAI wraps around it:
/// <https://developers.cloudflare.com/workers-ai/json-mode>.
fn response_format(format: &ResponseFormat) -> Option<Value> {
    match format {
        ResponseFormat::Text => None,
        ResponseFormat::Json => Some(json!({"type": "json_object"})),
        ResponseFormat::JsonSchema { schema, .. } => {
            Some(json!({"type": "json_schema", "json_schema": schema}))
        }
    }
}

fn destination(settings: &ProviderSettings, model: &str) -> Result<Destination, Misconfigured> {
    if !outgoing::fits_path(model) {
        let setting = format!("The model of {}", settings.name());
        return Err(Misconfigured::new(setting, "cannot be a piece of a path"));
    }
    Ok(match &settings.configuration.reached {
        Reached::Binding(binding) => Destination::WorkersAi {
            binding: binding.clone(),
            model: model.to_owned(),
        },
        Reached::Url {
            base_url,
            account_id: Some(account),
            ..
        } if outgoing::fits_path(account) => {
            let path = format!("/accounts/{account}/ai/run/{model}");
            Destination::Url(outgoing::joined(base_url, &path))
        }
        Reached::Url {
            account_id: Some(_),
            ..
        } => {
            let setting = format!("providers.{}.account_id", settings.name());
            return Err(Misconfigured::new(setting, "cannot be a piece of a path"));
        }
        // A gateway, whose own URL names the account: `…/workers-ai/{model}`.
        Reached::Url {
            base_url,
            account_id: None,
            ..
        } => Destination::Url(outgoing::joined(base_url, &format!("/{model}"))),
    })
}

#[cfg(test)]
mod tests;
