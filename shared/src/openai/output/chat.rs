//! An answer as a chat completion.

use super::super::document::unix_seconds;
use super::{digits, finish_reason};
use crate::job::{JobRecord, ResultColumns};
use crate::provider::FinishReason;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct Completion<'a> {
    id: String,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: &'a BTreeMap<String, String>,
    system_fingerprint: Option<&'static str>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u8,
    message: Message<'a>,
    logprobs: Option<&'static str>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<&'a str>,
    annotations: [&'static str; 0],
}

/// Details that the provider did not tell are absent, not 0.
#[derive(Serialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

/// The answer `text` of a job.
pub(super) fn completion<'a>(job: &'a JobRecord, text: &'a str) -> Completion<'a> {
    let reason = finish_reason(job);
    let refused = reason == FinishReason::Refusal.as_str();
    Completion {
        id: format!("chatcmpl-{}", digits(&job.id)),
        object: "chat.completion",
        created: unix_seconds(job.completed_at.unwrap_or(job.created_at)),
        model: job.model.as_deref().unwrap_or_default(),
        choices: [Choice {
            index: 0,
            message: Message {
                role: "assistant",
                content: (!refused).then_some(text),
                refusal: refused.then_some(text),
                annotations: [],
            },
            logprobs: None,
            finish_reason: reason_of(reason),
        }],
        usage: usage(&job.result),
        metadata: &job.metadata,
        system_fingerprint: None,
    }
}

/// Only what the vendor's clients know. A model that wanted a tool has stopped as far as they see:
/// none was offered.
fn reason_of(reason: &str) -> &'static str {
    if reason == FinishReason::Length.as_str() {
        "length"
    } else if reason == FinishReason::ContentFilter.as_str() {
        "content_filter"
    } else {
        "stop"
    }
}

fn usage(result: &ResultColumns) -> Option<Usage> {
    let (prompt_tokens, completion_tokens) = (result.input_tokens?, result.output_tokens?);
    Some(Usage {
        prompt_tokens,
        completion_tokens,
        total_tokens: result
            .total_tokens
            .unwrap_or_else(|| prompt_tokens.saturating_add(completion_tokens)),
        prompt_tokens_details: result
            .cached_tokens
            .map(|cached_tokens| PromptDetails { cached_tokens }),
        completion_tokens_details: result
            .reasoning_tokens
            .map(|reasoning_tokens| CompletionDetails { reasoning_tokens }),
    })
}
