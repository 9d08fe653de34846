//! The chat completion object.

use serde_json::{Map, Value, json};

use crate::simulator::answer::{End, Said, Text, Usage};
use crate::simulator::asked::Asked;
use crate::simulator::reply::Shape;

/// The chat completion object for a request. `sequence` makes its id unique; `created` is in Unix
/// seconds.
pub(crate) fn completion(asked: &Asked, shape: Shape, sequence: u64, created: u64) -> Value {
    let said = asked.answer(shape);
    let mut object = json!({
        "id": format!("chatcmpl-sim{sequence:029x}"),
        "object": "chat.completion",
        "created": created,
        "model": asked.model,
        "choices": [],
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    });
    if let Some(usage) = shape.usage_of(usage(said.usage)) {
        set(&mut object, "usage", usage);
    }
    if shape != Shape::NoChoices {
        let choice = choice(&said, shape, sequence);
        set(&mut object, "choices", json!([choice]));
    }
    object
}

pub(crate) fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

fn choice(said: &Said, shape: Shape, sequence: u64) -> Value {
    let mut choice = json!({"index": 0, "logprobs": null});
    if shape != Shape::NoMessage {
        set(&mut choice, "message", message(said, shape, sequence));
    }
    if let Some(reason) = finish_reason(said.end) {
        set(&mut choice, "finish_reason", reason);
    }
    choice
}

fn message(said: &Said, shape: Shape, sequence: u64) -> Value {
    let mut message = json!({
        "role": "assistant",
        "refusal": said.refusal,
        "annotations": [],
    });
    match &said.text {
        Text::Words(text) => set(&mut message, "content", json!(text)),
        Text::Null => set(&mut message, "content", Value::Null),
        Text::Missing => {}
    }
    if let Some(reasoning) = said.reasoning {
        let name = if shape == Shape::ReasoningField {
            "reasoning"
        } else {
            "reasoning_content"
        };
        set(&mut message, name, json!(reasoning));
    }
    if let Some(tool) = &said.tool {
        let call = json!([{
            "id": format!("call_sim{sequence:021x}"),
            "type": "function",
            "function": {"name": tool, "arguments": "{}"},
        }]);
        set(&mut message, "tool_calls", call);
    }
    message
}

/// The reason, as far as there is one.
fn finish_reason(end: End) -> Option<Value> {
    let reason = match end {
        End::Stop | End::Refusal => "stop",
        End::Length | End::Pause | End::WindowFull => "length",
        End::Filter => "content_filter",
        End::Tool => "tool_calls",
        End::Named(name) => name,
        End::Null => return Some(Value::Null),
        End::Missing => return None,
    };
    Some(json!(reason))
}

fn usage(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

impl Shape {
    /// The usage as this shape tells it, if it does.
    pub(crate) fn usage_of(self, usage: Value) -> Option<Value> {
        if self == Self::TextUsage {
            return Some(in_strings(usage));
        }
        if self == Self::NullUsage {
            return Some(Value::Null);
        }
        (self != Self::NoUsage).then_some(usage)
    }
}

/// The numbers of the first level as strings, as some proxies send them.
fn in_strings(usage: Value) -> Value {
    let fields: Map<String, Value> = match usage {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    fields
        .into_iter()
        .filter(|(_, value)| value.is_number())
        .map(|(name, value)| (name, json!(value.to_string())))
        .collect()
}
