//! Parameters that are taken with the value they have anyway, and refused with any other.

use super::given;
use crate::json::Fields;
use serde_json::Value;

/// A parameter, the values it may have, and what is said of others. `null` is always taken.
pub(super) type Usual = (&'static str, fn(&Value) -> bool, &'static str);

/// What neither interface can do here.
pub(super) const OF_BOTH: &[Usual] = &[
    ("stream", is_false, "must be false: a batch is not streamed"),
    (
        "stream_options",
        never,
        "must be absent: a batch is not streamed",
    ),
    ("tools", is_empty, "must be absent: tools are not supported"),
    (
        "tool_choice",
        is_no_tool,
        "must be absent: tools are not supported",
    ),
    (
        "top_logprobs",
        is_zero,
        "must be absent: log probabilities are not kept",
    ),
    (
        "moderation",
        never,
        "must be absent: moderation is not supported",
    ),
    (
        "prompt_cache_options",
        never,
        "must be absent: how prompts are cached cannot be chosen",
    ),
];

/// What chat completions have and cannot be done here.
pub(super) const OF_CHAT: &[Usual] = &[
    ("n", is_one, "must be 1: a line has one answer"),
    (
        "logprobs",
        is_false,
        "must be false: log probabilities are not kept",
    ),
    (
        "functions",
        is_empty,
        "must be absent: functions are not supported",
    ),
    (
        "function_call",
        is_no_tool,
        "must be absent: functions are not supported",
    ),
    ("audio", never, "must be absent: answers are text"),
    (
        "modalities",
        is_text,
        "must be [\"text\"]: answers are text",
    ),
    (
        "prediction",
        never,
        "must be absent: predicted outputs are not supported",
    ),
    (
        "web_search_options",
        never,
        "must be absent: web search is not supported",
    ),
];

/// What responses have and cannot be done here.
pub(super) const OF_RESPONSES: &[Usual] = &[
    (
        "background",
        is_false,
        "must be false: a batch runs in the background as a whole",
    ),
    (
        "background_options",
        never,
        "must be absent: a batch runs in the background as a whole",
    ),
    (
        "previous_response_id",
        never,
        "must be absent: responses are not kept, so send the whole conversation",
    ),
    (
        "conversation",
        never,
        "must be absent: conversations are not kept, so send all of it",
    ),
    (
        "prompt",
        never,
        "must be absent: prompt templates are not supported",
    ),
    ("include", is_empty, "must be absent: an answer is its text"),
    (
        "context_management",
        is_empty,
        "must be absent: contexts are not compacted",
    ),
    (
        "max_tool_calls",
        never,
        "must be absent: tools are not supported",
    ),
    ("image", never, "must be absent: answers are text"),
    (
        "truncation",
        is_disabled,
        "must be `disabled`: what is too long for the model fails",
    ),
    (
        "access_programs",
        never,
        "must be absent: access programs are not supported",
    ),
];

/// What the messages and parts that a model wrote carry beside their text.
pub(super) const OF_MESSAGE: &[Usual] = &[
    (
        "refusal",
        never,
        "must be absent: send what was said as `content`",
    ),
    (
        "audio",
        never,
        "must be absent: messages are text and images",
    ),
    (
        "tool_calls",
        is_empty,
        "must be absent: tools are not supported",
    ),
    (
        "function_call",
        never,
        "must be absent: functions are not supported",
    ),
    (
        "annotations",
        is_empty,
        "must be absent: annotations are not supported",
    ),
];

/// Refuses those whose value is another.
pub(super) fn check(fields: &mut Fields<'_>, usual: &[Usual]) {
    for (name, fits, detail) in usual {
        if given(fields, name).is_some_and(|value| !fits(value)) {
            fields.refuse(name, *detail);
        }
    }
}

/// Whether a value is an empty list.
pub(super) fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

/// No value is taken.
pub(super) fn never(_value: &Value) -> bool {
    false
}

/// Whether a value leaves to the vendor what we have no say in.
pub(super) fn is_auto(value: &Value) -> bool {
    matches!(value.as_str(), Some("auto" | "default"))
}

fn is_false(value: &Value) -> bool {
    value.as_bool() == Some(false)
}

fn is_zero(value: &Value) -> bool {
    value.as_u64() == Some(0)
}

fn is_one(value: &Value) -> bool {
    value.as_u64() == Some(1)
}

fn is_no_tool(value: &Value) -> bool {
    matches!(value.as_str(), Some("none" | "auto"))
}

fn is_text(value: &Value) -> bool {
    *value == serde_json::json!(["text"])
}

fn is_disabled(value: &Value) -> bool {
    value.as_str() == Some("disabled")
}
