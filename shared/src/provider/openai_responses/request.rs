use crate::provider::message::WireMessage;
use crate::provider::outgoing::{self, KeyField};
use crate::provider::wording::{self, JsonFields};
use crate::provider::{
    Destination, Misconfigured, Provider, ProviderRequest, ProviderSettings, subset,
};
use crate::request::{GenerateInput, Part, ResponseFormat, Role};
use serde::Serialize;
use serde_json::{Map, Value, json};

const PATH: &str = "/responses";

/// The longest name of a response that is asked for again.
const MAX_ID_BYTES: usize = 256;

/// The fields that only a request's own fields set.
pub(in crate::provider) const RESERVED: &[&str] = &[
    "/model",
    "/input",
    "/instructions",
    "/stream",
    "/stream_options",
    "/max_output_tokens",
    "/temperature",
    "/top_p",
    "/text/format",
];

/// The body of a call.
#[derive(Serialize)]
pub(in crate::provider) struct Body<'a> {
    model: &'a str,
    input: Vec<WireMessage<'a, WirePart<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<Value>,
    #[serde(flatten)]
    options: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WirePart<'a> {
    InputText {
        text: &'a str,
    },
    InputImage {
        image_url: &'a str,
        detail: &'static str,
    },
}

/// The HTTP request that asks `input`.
///
/// # Errors
/// A setting is missing or wrong, so that no request can be made.
pub(in crate::provider) fn request(
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

/// The HTTP request that asks what came of a response; `response_id` passed [`is_response_id`].
///
/// # Errors
/// A setting is missing or wrong, so that no request can be made.
pub(in crate::provider) fn poll(
    settings: &ProviderSettings,
    response_id: &str,
) -> Result<ProviderRequest, Misconfigured> {
    let responses = outgoing::url(settings, PATH)?;
    let to = Destination::Url(format!("{responses}/{response_id}"));
    Ok(outgoing::get(settings, to, KeyField::Bearer, &[]))
}

/// Whether a provider's name of a response may become a piece of a URL.
pub(in crate::provider) fn is_response_id(text: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// What is asked.
pub(in crate::provider) fn body<'a>(
    settings: &ProviderSettings,
    model: &'a str,
    input: &'a GenerateInput,
) -> Body<'a> {
    let mut options = outgoing::options(settings, &input.provider_options, RESERVED);
    let format = format(settings.configuration.kind, &input.response_format);
    let text = outgoing::with_field(&mut options, "text", "format", format);
    // OpenAI keeps a response for 30 days unless told not to, and nobody would ask for it again. One
    // that is made in the background has to be kept, to be asked for at all.
    let background = options.get("background") == Some(&Value::Bool(true));
    let store = options
        .remove("store")
        .or_else(|| (!background).then_some(Value::Bool(false)));
    let hint = wording::hint(input, JsonFields::All);
    let hint = hint.map(|hint| WireMessage::text(Role::System, hint));
    let said = input.messages.iter();
    let said = said.map(|message| WireMessage::joined(message, part));
    Body {
        model,
        input: hint.into_iter().chain(said).collect(),
        max_output_tokens: input.max_tokens,
        temperature: input.temperature,
        top_p: input.top_p,
        text,
        store,
        options,
    }
}

fn format(kind: Provider, format: &ResponseFormat) -> Option<Value> {
    match format {
        ResponseFormat::Text => None,
        ResponseFormat::Json => Some(json!({"type": "json_object"})),
        ResponseFormat::JsonSchema { name, schema } => Some(json!({
            "type": "json_schema",
            "name": name,
            "schema": schema,
            "strict": subset::openai(kind, schema),
        })),
    }
}

fn part(part: &Part) -> WirePart<'_> {
    match part {
        Part::Text { text } => WirePart::InputText { text },
        Part::Image { url } => WirePart::InputImage {
            image_url: url,
            detail: "auto",
        },
    }
}

#[cfg(test)]
mod tests;
