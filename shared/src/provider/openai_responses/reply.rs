use crate::provider::classify::Reading;
use crate::provider::error_body::ErrorBody;
use crate::provider::lenient::{self, count, name, text};
use crate::provider::table::Finding;
use crate::provider::{Answer, FinishReason, Usage};
use serde_json::Value;

/// Reads the JSON of a reply whose status is a success and which is no error at its top level.
pub(in crate::provider) fn answer(body: &Value) -> Reading {
    let status = text(body.get("status"));
    match status {
        Some("failed") => return Reading::Error(ErrorBody::default()),
        Some("queued" | "in_progress") => {
            let id = name(body.get("id"));
            return id.map_or(Reading::NoMessage, Reading::Pending);
        }
        Some("cancelled") => return Reading::NoMessage,
        Some(_) | None => {}
    }
    let Some(output) = body.get("output").and_then(Value::as_array) else {
        return Reading::NoMessage;
    };
    let refusal: String = parts(output, "refusal").collect();
    let spoken: String = parts(output, "text").collect();
    let incomplete = status == Some("incomplete");
    let reason = name(body.pointer("/incomplete_details/reason"));
    let calls_tool = output.iter().any(calls_tool);
    let refused = !refusal.is_empty();
    let finish_reason = match (incomplete, reason.as_deref()) {
        (true, Some("content_filter")) => FinishReason::ContentFilter,
        (true, Some("max_output_tokens" | "max_messages")) => FinishReason::Length,
        (true, Some(_) | None) => FinishReason::Other,
        (false, _) if refused => FinishReason::Refusal,
        (false, _) if calls_tool && spoken.is_empty() => FinishReason::ToolCalls,
        (false, _) => FinishReason::Stop,
    };
    let answer = Answer {
        text: if spoken.is_empty() { refusal } else { spoken },
        usage: body.get("usage").and_then(usage),
        finish_reason,
        // A complete answer has no other reason than that.
        raw_finish_reason: reason
            .filter(|_| incomplete)
            .or_else(|| status.map(str::to_owned)),
        model: name(body.get("model")),
        ..Answer::default()
    };
    let filtered = finish_reason == FinishReason::ContentFilter;
    let findings = [
        (filtered, Finding::ContentFiltered),
        (refused, Finding::Refused),
        (answer.text.is_empty() && !calls_tool, Finding::EmptyOutput),
        (incomplete && !filtered, Finding::CutShort),
    ];
    let findings = findings.into_iter().filter(|(found, _)| *found);
    Reading::Answer(answer, findings.map(|(_, finding)| finding).collect())
}

/// What the messages say in their parts of this kind, `text` or `refusal`.
fn parts<'a>(output: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a str> {
    output
        .iter()
        .filter(|item| matches!(text(item.get("type")), Some("message") | None))
        .filter_map(|item| item.get("content")?.as_array())
        .flatten()
        .filter_map(move |part| text(part.get(kind)))
}

/// Whether an item calls a tool: `function_call`, `web_search_call`, `mcp_approval_request`.
fn calls_tool(item: &Value) -> bool {
    text(item.get("type")).is_some_and(|kind| kind.ends_with("_call") || kind.ends_with("_request"))
}

fn usage(said: &Value) -> Option<Usage> {
    lenient::usage(Usage {
        input_tokens: count(said.get("input_tokens")),
        output_tokens: count(said.get("output_tokens")),
        total_tokens: count(said.get("total_tokens")),
        cached_tokens: count(said.pointer("/input_tokens_details/cached_tokens")),
        reasoning_tokens: count(said.pointer("/output_tokens_details/reasoning_tokens")),
    })
}

#[cfg(test)]
mod tests;
