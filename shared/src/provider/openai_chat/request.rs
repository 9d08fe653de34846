use crate::provider::message::WireMessage;
use crate::provider::outgoing::{self, KeyField};
use crate::provider::wording::{self, JsonFields};
use crate::provider::{
    Destination, Misconfigured, Provider, ProviderRequest, ProviderSettings, subset,
};
use crate::request::{GenerateInput, Part, ResponseFormat, Role};
use serde::Serialize;
use serde_json::{Map, Value, json};

const PATH: &str = "/chat/completions";

/// The fields that only a request's own fields set.
pub(in crate::provider) const RESERVED: &[&str] = &[
    "/model",
    "/messages",
    "/stream",
    "/stream_options",
    "/n",
    "/max_tokens",
    "/max_completion_tokens",
    "/temperature",
    "/top_p",
    "/stop",
    "/seed",
    "/response_format",
];

/// The body of a call.
#[derive(Serialize)]
pub(in crate::provider) struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a, WirePart<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
    #[serde(flatten)]
    options: Map<String, Value>,
}

/// A part of a message as chat completions spell it, and others who follow them.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in crate::provider) enum WirePart<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Serialize)]
pub(in crate::provider) struct ImageUrl<'a> {
    url: &'a str,
}

/// The HTTP request that asks `input`.
///
/// # Errors
/// A setting is missing or wrong, so that no request can be made.
pub fn request(
    settings: &ProviderSettings,
    model: &str,
    input: &GenerateInput,
) -> Result<ProviderRequest, Misconfigured> {
    Ok(outgoing::post(
        settings,
        Destination::Url(outgoing::url(settings, PATH)?),
        KeyField::Bearer,
        &[],
        &body(settings, model, input),
    ))
}

/// What is asked.
pub(in crate::provider) fn body<'a>(
    settings: &ProviderSettings,
    model: &'a str,
    input: &'a GenerateInput,
) -> Body<'a> {
    // OpenAI's newer models refuse `max_tokens`, which counts no reasoning; most other servers know
    // nothing but `max_tokens`.
    let kind = settings.configuration.kind;
    let (max_completion_tokens, max_tokens) = match kind {
        Provider::OpenAi | Provider::AzureOpenAi => (input.max_tokens, None),
        Provider::Anthropic
        | Provider::WorkersAi
        | Provider::Compatible
        | Provider::Executor
        | Provider::Piston => (None, input.max_tokens),
    };
    Body {
        model,
        messages: messages(input, wording::hint(input, JsonFields::All)),
        max_completion_tokens,
        max_tokens,
        temperature: input.temperature,
        top_p: input.top_p,
        stop: &input.stop,
        seed: input.seed,
        response_format: response_format(kind, &input.response_format),
        options: outgoing::options(settings, &input.provider_options, RESERVED),
    }
}

fn response_format(kind: Provider, format: &ResponseFormat) -> Option<Value> {
    match format {
        ResponseFormat::Text => None,
        ResponseFormat::Json => Some(json!({"type": "json_object"})),
        ResponseFormat::JsonSchema { name, schema } => Some(json!({
            "type": "json_schema",
            "json_schema": {
                "name": name,
                "schema": schema,
                "strict": subset::openai(kind, schema),
            },
        })),
    }
}

/// The conversation, with the hint in front of it.
///
/// Many models take one message of the system, and that at the start; so a hint joins the
/// conversation's own when it begins with one.
pub(in crate::provider) fn messages(
    input: &GenerateInput,
    hint: Option<String>,
) -> Vec<WireMessage<'_, WirePart<'_>>> {
    let said = input.messages.iter();
    let mut messages: Vec<_> = said
        .map(|message| WireMessage::joined(message, part))
        .collect();
    let Some(hint) = hint else {
        return messages;
    };
    match (messages.first_mut(), input.messages.first()) {
        (Some(sent), Some(first)) if first.role == Role::System => {
            let said = wording::text_of(&first.content);
            *sent = WireMessage::text(Role::System, format!("{said}\n\n{hint}"));
        }
        _ => messages.insert(0, WireMessage::text(Role::System, hint)),
    }
    messages
}

fn part(part: &Part) -> WirePart<'_> {
    match part {
        Part::Text { text } => WirePart::Text { text },
        Part::Image { url } => WirePart::ImageUrl {
            image_url: ImageUrl { url },
        },
    }
}

#[cfg(test)]
mod tests;
