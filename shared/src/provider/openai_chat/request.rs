use crate::provider::headers::HeaderText;
use crate::provider::{
    Destination, Method, Misconfigured, Provider, ProviderRequest, ProviderSettings,
};
use crate::request::{Content, GenerateInput, Part, ResponseFormat, Role};
use serde::Serialize;
use std::borrow::Cow;

const PATH: &str = "/chat/completions";

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<WireFormat>,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: Role,
    content: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
struct WireFormat {
    #[serde(rename = "type")]
    kind: &'static str,
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
    // OpenAI's newer models refuse `max_tokens`, which counts no reasoning; most other servers know
    // nothing but `max_tokens`.
    let (max_completion_tokens, max_tokens) = match settings.configuration.kind {
        Provider::OpenAi | Provider::AzureOpenAi => (input.max_tokens, None),
        Provider::Anthropic
        | Provider::WorkersAi
        | Provider::Compatible
        | Provider::Executor
        | Provider::Piston => (None, input.max_tokens),
    };
    let body = Body {
        model,
        messages: messages(input),
        max_completion_tokens,
        max_tokens,
        temperature: input.temperature,
        response_format: match input.response_format {
            ResponseFormat::Text => None,
            ResponseFormat::Json | ResponseFormat::JsonSchema { .. } => Some(WireFormat {
                kind: "json_object",
            }),
        },
    };
    let mut headers = vec![
        ("content-type".into(), HeaderText::fixed("application/json")),
        ("accept".into(), HeaderText::fixed("application/json")),
    ];
    headers.extend(
        settings
            .bearer()
            .map(|value| ("authorization".into(), value)),
    );
    Ok(ProviderRequest {
        method: Method::Post,
        to: Destination::Url(settings.endpoint(PATH).unwrap_or_default()),
        headers,
        // Strings, numbers and lists always have a JSON spelling.
        body: serde_json::to_string(&body).unwrap_or_default(),
    })
}

/// The conversation, with the hints in front of it.
///
/// Many models take one message of the system, and that at the start; so a hint joins the
/// conversation's own when it begins with one.
fn messages(input: &GenerateInput) -> Vec<WireMessage<'_>> {
    let mut messages: Vec<_> = input
        .messages
        .iter()
        .map(|message| WireMessage {
            role: message.role,
            content: text_of(&message.content),
        })
        .collect();
    let Some(hint) = hint(input) else {
        return messages;
    };
    match messages.first_mut() {
        Some(first) if first.role == Role::System => {
            first.content = format!("{}\n\n{hint}", first.content).into();
        }
        _ => messages.insert(
            0,
            WireMessage {
                role: Role::System,
                content: hint.into(),
            },
        ),
    }
    messages
}

/// The texts of a message.
fn text_of(content: &Content) -> Cow<'_, str> {
    match content {
        Content::Text(text) => text.into(),
        Content::Parts(parts) => parts
            .iter()
            .filter_map(|part| match part {
                Part::Text { text } => Some(text.as_str()),
                Part::Image { .. } => None,
            })
            .collect::<String>()
            .into(),
    }
}

/// What the request says beside the conversation, as one short instruction.
fn hint(input: &GenerateInput) -> Option<String> {
    let mut hints = Vec::new();
    if let Some(language) = &input.language {
        hints.push(format!("Write code in {language}."));
    }
    if let Some(difficulty) = &input.difficulty {
        hints.push(format!("The difficulty is {difficulty}."));
    }
    // OpenAI refuses `json_object` when no message mentions JSON.
    let mentioned = |content: &str| content.to_ascii_lowercase().contains("json");
    if input.response_format == ResponseFormat::Json
        && !input
            .messages
            .iter()
            .any(|message| mentioned(&text_of(&message.content)))
    {
        hints.push("Answer with one JSON object and nothing else.".to_owned());
    }
    (!hints.is_empty()).then(|| hints.join(" "))
}

#[cfg(test)]
mod tests;
