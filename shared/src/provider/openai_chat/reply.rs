use crate::provider::classify::Reading;
use crate::provider::error_body::{ErrorBody, plain_word};
use crate::provider::lenient::{self, count, name, text};
use crate::provider::table::Finding;
use crate::provider::{Answer, FinishReason, Usage};
use serde_json::Value;

/// Reads the JSON of a reply whose status is a success and which is no error at its top level.
pub(in crate::provider) fn answer(body: &Value) -> Reading {
    let Some(choice) = body.get("choices").and_then(|choices| choices.get(0)) else {
        return Reading::NoMessage;
    };
    // OpenRouter puts an error that came after the first token here.
    if let Some(error) = ErrorBody::within(choice) {
        return Reading::Error(error);
    }
    let raw_finish_reason = name(choice.get("finish_reason"));
    let filtered = filtered(choice);
    // Azure may leave out the message that its filter stopped.
    let stopped = filtered.is_some() || raw_finish_reason.as_deref() == Some("content_filter");
    let message = match choice.get("message") {
        Some(message) if message.is_object() => message,
        None | Some(Value::Null) if stopped => &Value::Null,
        Some(_) | None => return Reading::NoMessage,
    };
    let Some(content) = content(message.get("content")) else {
        return Reading::NoMessage;
    };
    let refusal = text(message.get("refusal"))
        .map(str::to_owned)
        .or(content.refusal);
    let finish_reason = match (&refusal, finish_reason(raw_finish_reason.as_deref())) {
        (_, _) if filtered.is_some() => FinishReason::ContentFilter,
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
        stop_category: filtered.and_then(plain_word).map(str::to_owned),
        model: name(body.get("model")),
        ..Answer::default()
    };
    let findings = findings(&answer, refusal.is_some(), calls_tool(message));
    Reading::Answer(answer, findings)
}

/// What Azure's `content_filter_results` say was filtered, each with its severity.
fn filtered(choice: &Value) -> Option<&str> {
    let results = choice.get("content_filter_results")?.as_object()?;
    let is_filtered = |result: &Value| result.get("filtered").and_then(Value::as_bool);
    let mut results = results.iter();
    let (category, _) = results.find(|(_, result)| is_filtered(result) == Some(true))?;
    Some(category)
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

pub(in crate::provider) fn finish_reason(raw: Option<&str>) -> FinishReason {
    match raw.map(str::to_ascii_lowercase).as_deref() {
        Some("stop" | "end_turn" | "stop_sequence") => FinishReason::Stop,
        Some("length" | "max_tokens" | "model_length") => FinishReason::Length,
        Some("tool_calls" | "function_call" | "tool_use") => FinishReason::ToolCalls,
        Some("content_filter") => FinishReason::ContentFilter,
        Some("refusal") => FinishReason::Refusal,
        Some(_) | None => FinishReason::Other,
    }
}

pub(in crate::provider) fn usage(said: Option<&Value>) -> Option<Usage> {
    let said = said?;
    let detail = |group: &str, key: &str| count(said.get(group).and_then(|group| group.get(key)));
    lenient::usage(Usage {
        input_tokens: count(said.get("prompt_tokens")).or_else(|| count(said.get("input_tokens"))),
        output_tokens: count(said.get("completion_tokens"))
            .or_else(|| count(said.get("output_tokens"))),
        total_tokens: count(said.get("total_tokens")),
        cached_tokens: detail("prompt_tokens_details", "cached_tokens"),
        reasoning_tokens: detail("completion_tokens_details", "reasoning_tokens"),
    })
}

#[cfg(test)]
mod tests;
