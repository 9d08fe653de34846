//! The wire format of Anthropic: the message object.

pub(crate) mod errors;
pub(crate) mod request;

use serde_json::{Value, json};

use crate::simulator::answer::{End, Said, Text, Usage};
use crate::simulator::asked::Asked;
use crate::simulator::openai::chat::set;
use crate::simulator::reply::Shape;

/// The message object for a request. `sequence` makes its id unique.
pub(crate) fn message(asked: &Asked, shape: Shape, sequence: u64) -> Value {
    let said = asked.answer(shape);
    let mut object = json!({
        "id": format!("msg_sim{sequence:021x}"),
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "stop_sequence": null,
    });
    if shape == Shape::NoMessage {
        object
            .as_object_mut()
            .map(|fields| fields.remove("content"));
    } else if shape != Shape::NoChoices {
        set(&mut object, "content", content(&said, sequence));
    }
    if let Some(reason) = stop_reason(said.end) {
        set(&mut object, "stop_reason", reason);
    }
    if matches!(said.end, End::Refusal | End::Filter) {
        let details = json!({"type": "refusal", "category": "cyber"});
        set(&mut object, "stop_details", details);
    }
    if let Some(usage) = shape.usage_of(usage(said.usage)) {
        set(&mut object, "usage", usage);
    }
    object
}

fn content(said: &Said, sequence: u64) -> Value {
    let mut blocks = Vec::new();
    if let Some(thinking) = said.reasoning {
        blocks.push(json!({
            "type": "thinking",
            "thinking": thinking,
            "signature": "c2ltdWxhdGVk",
        }));
    }
    if let Text::Words(text) = &said.text {
        blocks.push(json!({"type": "text", "text": text}));
    }
    if let Some(tool) = &said.tool {
        blocks.push(json!({
            "type": "tool_use",
            "id": format!("toolu_sim{sequence:021x}"),
            "name": tool,
            "input": {},
        }));
    }
    Value::Array(blocks)
}

/// The reason, as far as there is one.
fn stop_reason(end: End) -> Option<Value> {
    let reason = match end {
        End::Stop => "end_turn",
        End::Length => "max_tokens",
        End::Filter | End::Refusal => "refusal",
        End::Tool => "tool_use",
        End::Pause => "pause_turn",
        End::WindowFull => "model_context_window_exceeded",
        End::Named(name) => name,
        End::Null => return Some(Value::Null),
        End::Missing => return None,
    };
    Some(json!(reason))
}

/// Unlike elsewhere, the tokens of the cache are not among the tokens of the input.
fn usage(usage: Usage) -> Value {
    let cached = usage.cache_read + usage.cache_write;
    json!({
        "input_tokens": usage.input - cached,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        "service_tier": "standard",
    })
}
