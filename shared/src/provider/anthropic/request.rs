use crate::provider::message::WireMessage;
use crate::provider::outgoing::{self, KeyField};
use crate::provider::wording::{self, JsonFields};
use crate::provider::{
    Destination, Method, Misconfigured, ProviderRequest, ProviderSettings, subset,
};
use crate::request::{GenerateInput, Part, ResponseFormat, Role};
use serde::Serialize;
use serde_json::{Map, Value, json};

const PATH: &str = "/v1/messages";

const KEY: KeyField = KeyField::Named("x-api-key");

/// The field that says which version of the interface is spoken.
pub(in crate::provider) const VERSION_FIELD: &str = "anthropic-version";

/// The version that is spoken unless the configuration has another in [`VERSION_FIELD`]: the last
/// that takes `temperature` and `top_p`, and the one that gateways in between know. What is read of
/// a reply is the same in the version after it, of 2026-10-21.
pub(in crate::provider) const NEWEST_WITH_SAMPLING: &str = "2023-06-01";

/// `max_tokens`, which the interface requires, when neither the job nor the configuration has it.
const DEFAULT_MAX_TOKENS: u32 = 4096;

/// The most that is asked for unless the job says more: Anthropic's own clients expect a longer
/// answer to take over ten minutes, and refuse to ask for it without a stream.
const MOST_WITHOUT_STREAM: u32 = 21_333;

/// The fields that only a request's own fields set.
pub(in crate::provider) const RESERVED: &[&str] = &[
    "/model",
    "/messages",
    "/system",
    "/stream",
    "/max_tokens",
    "/temperature",
    "/top_p",
    "/stop_sequences",
    "/output_format",
    "/output_config/format",
];

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    messages: Vec<WireMessage<'a, WirePart<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Value>,
    #[serde(flatten)]
    options: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WirePart<'a> {
    Text { text: &'a str },
    Image { source: Source<'a> },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Url { url: &'a str },
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
    let mut options = outgoing::options(settings, &input.provider_options, RESERVED);
    let (format, fields) = match &input.response_format {
        ResponseFormat::JsonSchema { schema, .. } if subset::anthropic(schema) => {
            let format = json!({"type": "json_schema", "schema": schema});
            (Some(format), JsonFields::Schema)
        }
        // There is no field for an object of any shape, and schemas of other shapes are refused.
        ResponseFormat::Text | ResponseFormat::Json | ResponseFormat::JsonSchema { .. } => {
            (None, JsonFields::None)
        }
    };
    let spoken = input.messages.iter();
    let spoken = spoken.filter(|message| message.role != Role::System);
    let body = Body {
        model,
        max_tokens: max_tokens(settings, model, input),
        system: wording::instructions(input, wording::hint(input, fields)),
        messages: spoken
            .map(|message| WireMessage::of(message, part))
            .collect(),
        temperature: input.temperature,
        top_p: input.top_p,
        stop_sequences: &input.stop,
        output_config: outgoing::with_field(&mut options, "output_config", "format", format),
        options,
    };
    let to = Destination::Url(outgoing::url(settings, PATH)?);
    let own = [(VERSION_FIELD, NEWEST_WITH_SAMPLING)];
    Ok(outgoing::post(settings, to, KEY, &own, &body))
}

fn max_tokens(settings: &ProviderSettings, model: &str, input: &GenerateInput) -> u32 {
    let known = settings.configuration.models.get(model);
    let known = known.and_then(|model| model.max_output_tokens);
    input
        .max_tokens
        .unwrap_or_else(|| known.map_or(DEFAULT_MAX_TOKENS, |most| most.min(MOST_WITHOUT_STREAM)))
}

fn part(part: &Part) -> WirePart<'_> {
    match part {
        Part::Text { text } => WirePart::Text { text },
        Part::Image { url } => WirePart::Image {
            source: Source::Url { url },
        },
    }
}

/// The request that gives a turn that paused (row 11) back, unchanged, as what the assistant said:
/// it goes on from there. `None` when `asked` is not such a request, or `said` no such content.
pub(in crate::provider) fn go_on(asked: &ProviderRequest, said: &Value) -> Option<ProviderRequest> {
    let said = said.as_array().filter(|said| !said.is_empty())?;
    let speaks = asked.headers.iter().any(|(name, _)| name == VERSION_FIELD);
    if asked.method != Method::Post || !speaks {
        return None;
    }
    let mut body: Value = serde_json::from_str(&asked.body).ok()?;
    let messages = body.get_mut("messages")?.as_array_mut()?;
    match messages.last_mut() {
        Some(last) if last.get("role") == Some(&json!("assistant")) => {
            let content = last.get_mut("content")?;
            if let Value::String(text) = content {
                *content = json!([{"type": "text", "text": text}]);
            }
            content.as_array_mut()?.extend_from_slice(said);
        }
        Some(_) | None => messages.push(json!({"role": "assistant", "content": said})),
    }
    Some(ProviderRequest {
        body: body.to_string(),
        ..asked.clone()
    })
}

#[cfg(test)]
mod tests;
