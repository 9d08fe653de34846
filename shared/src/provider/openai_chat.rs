//! OpenAI's chat completions, as OpenAI and the servers that follow it speak them.

use super::classify::Reading;
use super::error_body::ErrorBody;
use super::headers::HeaderText;
use super::lenient::{count, name, text};
use super::table::Finding;
use super::{
    Answer, FinishReason, Misconfigured, Provider, ProviderRequest, ProviderSettings, Usage,
};
use crate::request::{GenerateInput, ResponseFormat, Role};
use serde::Serialize;
use serde_json::Value;

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
/// A setting is missing or wrong, so that no request can be made: the base URL, the key, or a model
/// where the input names none.
pub fn request(
    settings: &ProviderSettings,
    input: &GenerateInput,
) -> Result<ProviderRequest, Misconfigured> {
    settings.check()?;
    let default_model = settings.default_model.as_deref().map(str::trim);
    let model = input
        .model
        .as_deref()
        .or(default_model)
        .filter(|model| !model.is_empty())
        .ok_or(Misconfigured::MODEL)?;
    // OpenAI's newer models refuse `max_tokens`, which counts no reasoning; most other servers know
    // nothing but `max_tokens`.
    let (max_completion_tokens, max_tokens) = match settings.provider()? {
        Provider::OpenAi => (input.max_tokens, None),
        Provider::Compatible => (None, input.max_tokens),
    };
    let body = Body {
        model,
        messages: messages(input),
        max_completion_tokens,
        max_tokens,
        temperature: input.temperature,
        response_format: match input.response_format {
            ResponseFormat::Text => None,
            ResponseFormat::Json => Some(WireFormat {
                kind: "json_object",
            }),
        },
    };
    let mut headers = vec![
        ("content-type", HeaderText::fixed("application/json")),
        ("accept", HeaderText::fixed("application/json")),
    ];
    headers.extend(
        settings
            .authorization()?
            .map(|value| ("authorization", value)),
    );
    Ok(ProviderRequest {
        url: settings.endpoint(PATH)?,
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
            content: message.content.as_str().into(),
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
            .any(|message| mentioned(&message.content))
    {
        hints.push("Answer with one JSON object and nothing else.".to_owned());
    }
    (!hints.is_empty()).then(|| hints.join(" "))
}

/// Reads the JSON of a reply whose status is a success and which is no error at its top level.
pub(super) fn answer(body: &Value) -> Reading {
    let Some(choice) = body.get("choices").and_then(|choices| choices.get(0)) else {
        return Reading::NoMessage;
    };
    // OpenRouter puts an error that came after the first token here.
    if let Some(error) = ErrorBody::within(choice) {
        return Reading::Error(error);
    }
    let Some(message) = choice.get("message").filter(|message| message.is_object()) else {
        return Reading::NoMessage;
    };
    let Some(content) = content(message.get("content")) else {
        return Reading::NoMessage;
    };
    let raw_finish_reason = name(choice.get("finish_reason"));
    let refusal = text(message.get("refusal"))
        .map(str::to_owned)
        .or(content.refusal);
    let finish_reason = match (&refusal, finish_reason(raw_finish_reason.as_deref())) {
        (Some(_), FinishReason::Stop | FinishReason::Other) => FinishReason::Refusal,
        (_, reason) => reason,
    };
    let text = if content.text.is_empty() {
        refusal.clone().unwrap_or_default()
    } else {
        content.text
    };
    let answer = Answer {
        text,
        usage: usage(body.get("usage")),
        finish_reason,
        raw_finish_reason,
        truncated: false,
        warnings: Vec::new(),
        model: name(body.get("model")),
        provider_request_id: None,
    };
    let findings = findings(&answer, refusal.is_some(), calls_tool(message));
    Reading::Answer(answer, findings)
}

fn calls_tool(message: &Value) -> bool {
    ["tool_calls", "function_call"].iter().any(|key| {
        message
            .get(*key)
            .is_some_and(|call| !call.is_null() && *call != Value::Array(Vec::new()))
    })
}

fn findings(answer: &Answer, refused: bool, calls_tool: bool) -> Vec<Finding> {
    let reason = answer.finish_reason;
    [
        (
            reason == FinishReason::ContentFilter,
            Finding::ContentFiltered,
        ),
        (refused || reason == FinishReason::Refusal, Finding::Refused),
        (answer.text.is_empty() && !calls_tool, Finding::EmptyOutput),
        (reason == FinishReason::Length, Finding::CutShort),
    ]
    .into_iter()
    .filter_map(|(found, finding)| found.then_some(finding))
    .collect()
}

#[derive(Default)]
struct Content {
    text: String,
    refusal: Option<String>,
}

/// The content of a message: a string, nothing, or a list of parts whose texts are joined.
/// `None` for a shape that no server is known to send.
fn content(content: Option<&Value>) -> Option<Content> {
    match content {
        None | Some(Value::Null) => Some(Content::default()),
        Some(Value::String(text)) => Some(Content {
            text: text.clone(),
            refusal: None,
        }),
        Some(Value::Array(parts)) => Some(Content {
            text: parts
                .iter()
                .filter_map(|part| part.as_str().or_else(|| text(part.get("text"))))
                .collect(),
            refusal: parts
                .iter()
                .find_map(|part| text(part.get("refusal")))
                .map(str::to_owned),
        }),
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => None,
    }
}

fn finish_reason(raw: Option<&str>) -> FinishReason {
    match raw.map(str::to_ascii_lowercase).as_deref() {
        Some("stop" | "end_turn" | "stop_sequence") => FinishReason::Stop,
        Some("length" | "max_tokens") => FinishReason::Length,
        Some("tool_calls" | "function_call" | "tool_use") => FinishReason::ToolCalls,
        Some("content_filter") => FinishReason::ContentFilter,
        Some("refusal") => FinishReason::Refusal,
        Some(_) | None => FinishReason::Other,
    }
}

fn usage(said: Option<&Value>) -> Option<Usage> {
    let said = said?;
    let detail = |group: &str, key: &str| count(said.get(group).and_then(|group| group.get(key)));
    let usage = Usage {
        input_tokens: count(said.get("prompt_tokens")).or_else(|| count(said.get("input_tokens"))),
        output_tokens: count(said.get("completion_tokens"))
            .or_else(|| count(said.get("output_tokens"))),
        total_tokens: count(said.get("total_tokens")),
        cached_tokens: detail("prompt_tokens_details", "cached_tokens"),
        reasoning_tokens: detail("completion_tokens_details", "reasoning_tokens"),
    };
    (usage != Usage::default()).then_some(usage)
}

#[cfg(test)]
mod tests;
