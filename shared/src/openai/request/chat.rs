//! The body of a line for `/v1/chat/completions`.

use super::passing::{self, Passing};
use super::usual::{self, is_auto};
use super::{Draft, content, format, given};
use crate::json::Fields;
use serde_json::{Value, json};

/// Reads what this interface calls by names of its own.
pub(super) fn read(fields: &mut Fields<'_>, draft: &mut Draft, passing: &mut Passing) {
    let names = &mut draft.names;
    let messages = fields.required("messages", |item| content::CHAT.read(item, names));
    if let Some(messages) = messages {
        draft.set("messages", "messages", messages);
    }
    read_most_tokens(fields, draft);
    read_stop(fields, draft);
    draft.take(fields, "seed", "seed");
    if given(fields, "response_format").is_some() {
        let form = fields.optional("response_format", |item| format::read(item, true));
        if let Some(form) = form {
            draft.set("responseFormat", "response_format", form);
            format::name(&mut draft.names, "/response_format", true);
        }
    }
    usual::check(fields, usual::OF_BOTH);
    usual::check(fields, usual::OF_CHAT);
    passing.all(fields, draft, passing::SHARED);
    passing.all(fields, draft, passing::OF_CHAT);
    passing.all(
        fields,
        draft,
        &[
            ("reasoning_effort", passing::EFFORT),
            ("verbosity", passing::VERBOSITY),
        ],
    );
    if let Some(tier) = given(fields, "service_tier").filter(|tier| !is_auto(tier)) {
        passing.pass(draft, "/service_tier", passing::SERVICE_TIER, tier);
    }
}

/// Both names mean the same; with both the older one is refused.
fn read_most_tokens(fields: &mut Fields<'_>, draft: &mut Draft) {
    const NAMES: [&str; 2] = ["max_completion_tokens", "max_tokens"];
    let [newer, older] = NAMES.map(|name| given(fields, name));
    match (newer, older) {
        (Some(_), Some(_)) => {
            fields.refuse(
                "max_tokens",
                "must be absent when `max_completion_tokens` is given",
            );
        }
        (Some(most), None) => draft.set("maxTokens", "max_completion_tokens", most.clone()),
        (None, Some(most)) => draft.set("maxTokens", "max_tokens", most.clone()),
        (None, None) => {}
    }
}

/// One text or a list of them.
fn read_stop(fields: &mut Fields<'_>, draft: &mut Draft) {
    match given(fields, "stop") {
        Some(Value::String(text)) => {
            draft.set("stop", "stop", json!([text]));
            draft.names.add("/stop/0", "/stop");
        }
        Some(Value::Array(texts)) if texts.is_empty() => {}
        Some(texts) => draft.set("stop", "stop", texts.clone()),
        None => {}
    }
}
