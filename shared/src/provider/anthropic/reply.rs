use crate::provider::classify::{Reading, category};
use crate::provider::error_body::ErrorBody;
use crate::provider::lenient::{self, count, name, text};
use crate::provider::table::Finding;
use crate::provider::{Answer, FinishReason, Usage};
use serde_json::Value;

/// Reads the JSON of a reply whose status is a success and which is no error at its top level.
pub(in crate::provider) fn answer(body: &Value) -> Reading {
    if text(body.get("type")) == Some("error") {
        return Reading::Error(ErrorBody::default());
    }
    let Some(content) = body.get("content").and_then(Value::as_array) else {
        return Reading::NoMessage;
    };
    let raw_finish_reason = name(body.get("stop_reason"));
    let raw = raw_finish_reason.as_deref();
    let answer = Answer {
        text: content.iter().filter_map(text_of).collect(),
        usage: body.get("usage").and_then(usage),
        finish_reason: finish_reason(raw),
        model: name(body.get("model")),
        stop_category: category(body.pointer("/stop_details/category")),
        ..Answer::default()
    };
    if raw == Some("pause_turn") {
        let answer = Answer {
            raw_finish_reason,
            ..answer
        };
        return Reading::Paused(Value::Array(content.clone()), answer);
    }
    let context_full = raw == Some("model_context_window_exceeded");
    let calls_tool = content.iter().any(calls_tool);
    let reason = answer.finish_reason;
    let findings = [
        (reason == FinishReason::Refusal, Finding::Refused),
        (answer.text.is_empty() && !calls_tool, Finding::EmptyOutput),
        (context_full, Finding::ContextFull),
        (
            reason == FinishReason::Length && !context_full,
            Finding::CutShort,
        ),
    ];
    let findings = findings.into_iter().filter(|(found, _)| *found);
    Reading::Answer(
        Answer {
            raw_finish_reason,
            ..answer
        },
        findings.map(|(_, finding)| finding).collect(),
    )
}

/// The text of a block; what the model thought and what it wants called are none.
fn text_of(block: &Value) -> Option<&str> {
    let is_text = matches!(text(block.get("type")), Some("text") | None);
    text(block.get("text")).filter(|_| is_text)
}

/// Whether a block calls a tool: `tool_use`, `server_tool_use`, `mcp_tool_use`.
fn calls_tool(block: &Value) -> bool {
    text(block.get("type")).is_some_and(|kind| kind.ends_with("tool_use"))
}

fn finish_reason(raw: Option<&str>) -> FinishReason {
    match raw {
        Some("end_turn" | "stop_sequence") => FinishReason::Stop,
        Some("max_tokens" | "model_context_window_exceeded") => FinishReason::Length,
        Some("tool_use") => FinishReason::ToolCalls,
        Some("refusal") => FinishReason::Refusal,
        Some(_) | None => FinishReason::Other,
    }
}

/// What Anthropic calls input tokens is only what was neither written to its cache nor read from it.
/// It adds nothing up.
fn usage(said: &Value) -> Option<Usage> {
    let cached_tokens = count(said.get("cache_read_input_tokens"));
    let created = count(said.get("cache_creation_input_tokens"));
    let input = count(said.get("input_tokens")).and_then(|input| {
        let cache = cached_tokens
            .unwrap_or(0)
            .checked_add(created.unwrap_or(0))?;
        input.checked_add(cache)
    });
    let output = count(said.get("output_tokens"));
    let both = input.zip(output);
    lenient::usage(Usage {
        input_tokens: input,
        output_tokens: output,
        total_tokens: both.and_then(|(input, output)| input.checked_add(output)),
        cached_tokens,
        reasoning_tokens: count(said.pointer("/output_tokens_details/thinking_tokens")),
    })
}

#[cfg(test)]
mod tests;
