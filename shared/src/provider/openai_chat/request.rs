use crate::provider::outgoing::{self, KeyField};
use crate::provider::wording::{self, JsonFields};
use crate::provider::{
    Destination, Misconfigured, Provider, ProviderRequest, ProviderSettings, subset,
};
use crate::request::{Content, GenerateInput, Part, ResponseFormat, Role};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

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
    messages: Vec<WireMessage<'a>>,
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

/// A message as chat completions spell it, and others who follow them.
#[derive(Serialize)]
pub(in crate::provider) struct WireMessage<'a> {
    role: Role,
    content: WireContent<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WireContent<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<WirePart<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WirePart<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
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
) -> Vec<WireMessage<'_>> {
    let mut messages: Vec<_> = input
        .messages
        .iter()
        .map(|message| WireMessage {
            role: message.role,
            content: content(&message.content),
        })
        .collect();
    let Some(hint) = hint else {
        return messages;
    };
    match (messages.first_mut(), input.messages.first()) {
        (Some(sent), Some(first)) if first.role == Role::System => {
            let said = wording::text_of(&first.content);
            sent.content = WireContent::Text(format!("{said}\n\n{hint}").into());
        }
        _ => messages.insert(
            0,
            WireMessage {
                role: Role::System,
                content: WireContent::Text(hint.into()),
            },
        ),
    }
    messages
}

/// Texts stay one string where no image is among them: not every server knows parts.
fn content(content: &Content) -> WireContent<'_> {
    match content {
        Content::Parts(parts) if wording::has_image(content) => {
            WireContent::Parts(parts.iter().map(part).collect())
        }
        Content::Text(_) | Content::Parts(_) => WireContent::Text(wording::text_of(content)),
    }
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
