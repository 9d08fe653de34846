use crate::provider::classify::Reading;
use crate::provider::error_body::ErrorBody;
use crate::provider::lenient::{name, text};
use crate::provider::table::Finding;
use crate::provider::{Answer, FinishReason, openai_chat, openai_responses};
use serde_json::Value;
use std::borrow::Cow;

/// Reads the JSON of a reply whose status is a success and which is no error at its top level.
///
/// The older models answer with `response`, the newer ones in OpenAI's shapes; over HTTP an
/// envelope with `result` is around it, but not under `/ai/v1`.
pub(in crate::provider) fn answer(body: &Value) -> Reading {
    let result = body
        .get("result")
        .filter(|result| !result.is_null())
        .unwrap_or(body);
    if let Some(error) = ErrorBody::within(result) {
        return Reading::Error(error);
    }
    if result.get("choices").is_some() {
        return openai_chat::answer(result);
    }
    if result.get("output").is_some_and(Value::is_array) {
        return openai_responses::answer(result);
    }
    let response = match result {
        Value::Object(fields) => fields.get("response"),
        Value::String(_) => Some(result),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    };
    response.map_or(Reading::NoMessage, |response| said(result, response))
}

/// `response` is a string; an object, a list, a number or a boolean when JSON was asked for; and
/// `null` when the model said nothing or calls a tool.
fn said(result: &Value, response: &Value) -> Reading {
    let spoken: Cow<'_, str> = match response {
        Value::String(text) => text.into(),
        Value::Null => "".into(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            response.to_string().into()
        }
    };
    let calls = result.get("tool_calls").and_then(Value::as_array);
    let calls_tool = calls.is_some_and(|calls| !calls.is_empty());
    let raw_finish_reason = name(result.get("finish_reason"));
    let finish_reason = match raw_finish_reason.as_deref() {
        None if calls_tool => FinishReason::ToolCalls,
        raw => openai_chat::finish_reason(raw),
    };
    let findings = [
        (
            finish_reason == FinishReason::ContentFilter,
            Finding::ContentFiltered,
        ),
        (finish_reason == FinishReason::Refusal, Finding::Refused),
        (spoken.is_empty() && !calls_tool, Finding::EmptyOutput),
        (finish_reason == FinishReason::Length, Finding::CutShort),
    ];
    let findings = findings.into_iter().filter(|(found, _)| *found);
    let answer = Answer {
        text: spoken.into_owned(),
        usage: openai_chat::usage(result.get("usage")),
        finish_reason,
        raw_finish_reason,
        model: text(result.get("model")).map(str::to_owned),
        ..Answer::default()
    };
    Reading::Answer(answer, findings.map(|(_, finding)| finding).collect())
}

#[cfg(test)]
mod tests;
