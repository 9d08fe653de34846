//! An answer as a response.

use super::super::document::unix_seconds;
use super::{digits, finish_reason};
use crate::job::{JobRecord, ResultColumns};
use crate::provider::FinishReason;
use serde::Serialize;
use std::collections::BTreeMap;

/// Of what the request said, only labels are told again: whoever has the request has the rest.
#[derive(Serialize)]
pub(super) struct Response<'a> {
    id: String,
    object: &'static str,
    created_at: i64,
    completed_at: Option<i64>,
    status: &'static str,
    background: bool,
    error: Option<&'static str>,
    incomplete_details: Option<Incomplete>,
    model: &'a str,
    output: [OutputMessage<'a>; 1],
    parallel_tool_calls: bool,
    previous_response_id: Option<&'static str>,
    store: bool,
    tool_choice: &'static str,
    tools: [&'static str; 0],
    usage: Option<Usage>,
    metadata: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Incomplete {
    reason: &'static str,
}

#[derive(Serialize)]
struct OutputMessage<'a> {
    id: String,
    r#type: &'static str,
    status: &'static str,
    role: &'static str,
    content: [Content<'a>; 1],
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'a> {
    OutputText {
        text: &'a str,
        annotations: [&'static str; 0],
        logprobs: [&'static str; 0],
    },
    Refusal {
        refusal: &'a str,
    },
}

/// The details are no option here: what the provider did not tell of them is 0.
#[derive(Serialize)]
struct Usage {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Serialize)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

/// The answer `text` of a job.
pub(super) fn response<'a>(job: &'a JobRecord, text: &'a str) -> Response<'a> {
    let reason = finish_reason(job);
    let incomplete = incomplete(reason);
    let status = if incomplete.is_some() {
        "incomplete"
    } else {
        "completed"
    };
    let content = if reason == FinishReason::Refusal.as_str() {
        Content::Refusal { refusal: text }
    } else {
        Content::OutputText {
            text,
            annotations: [],
            logprobs: [],
        }
    };
    Response {
        id: format!("resp_{}", digits(&job.id)),
        object: "response",
        created_at: unix_seconds(job.created_at),
        completed_at: job
            .completed_at
            .filter(|_| incomplete.is_none())
            .map(unix_seconds),
        status,
        background: false,
        error: None,
        incomplete_details: incomplete,
        model: job.model.as_deref().unwrap_or_default(),
        output: [OutputMessage {
            id: format!("msg_{}", digits(&job.id)),
            r#type: "message",
            status,
            role: "assistant",
            content: [content],
        }],
        parallel_tool_calls: true,
        previous_response_id: None,
        store: false,
        tool_choice: "auto",
        tools: [],
        usage: usage(&job.result),
        metadata: &job.metadata,
    }
}

fn incomplete(reason: &str) -> Option<Incomplete> {
    let reason = if reason == FinishReason::Length.as_str() {
        "max_output_tokens"
    } else if reason == FinishReason::ContentFilter.as_str() {
        "content_filter"
    } else {
        return None;
    };
    Some(Incomplete { reason })
}

fn usage(result: &ResultColumns) -> Option<Usage> {
    let (input_tokens, output_tokens) = (result.input_tokens?, result.output_tokens?);
    Some(Usage {
        input_tokens,
        input_tokens_details: InputDetails {
            cached_tokens: result.cached_tokens.unwrap_or_default(),
            cache_write_tokens: 0,
        },
        output_tokens,
        output_tokens_details: OutputDetails {
            reasoning_tokens: result.reasoning_tokens.unwrap_or_default(),
        },
        total_tokens: result
            .total_tokens
            .unwrap_or_else(|| input_tokens.saturating_add(output_tokens)),
    })
}
