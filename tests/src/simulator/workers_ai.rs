//! The wire format of Workers AI: its models behind the envelope of Cloudflare's API.

pub(crate) mod errors;
pub(crate) mod request;

use serde_json::{Value, json};

use crate::simulator::answer::{End, Said, Text, Usage};
use crate::simulator::asked::{Asked, Wish};
use crate::simulator::openai::chat::{completion, set};
use crate::simulator::reply::Shape;

/// The envelope with the result of a model.
pub(crate) fn run(asked: &Asked, shape: Shape, sequence: u64, created: u64) -> Value {
    let result = if shape == Shape::NoChoices {
        json!({})
    } else if shape == Shape::NoMessage {
        Value::Null
    } else if shape == Shape::InChoices {
        completion(asked, shape, sequence, created)
    } else {
        result(asked, shape)
    };
    json!({"result": result, "success": true, "errors": [], "messages": []})
}

fn result(asked: &Asked, shape: Shape) -> Value {
    let said = asked.answer(shape);
    let mut result = json!({});
    if let Some(response) = response(&said, asked, shape) {
        set(&mut result, "response", response);
    }
    if let Some(tool) = &said.tool {
        set(
            &mut result,
            "tool_calls",
            json!([{"name": tool, "arguments": {}}]),
        );
    }
    if let Some(reasoning) = said.reasoning {
        set(&mut result, "reasoning_content", json!(reasoning));
    }
    // Most models give no reason.
    if let Some(reason) = finish_reason(said.end) {
        set(&mut result, "finish_reason", reason);
    }
    if let Some(usage) = shape.usage_of(usage(said.usage)) {
        set(&mut result, "usage", usage);
    }
    result
}

/// The answer: a string, or JSON where JSON was asked for.
fn response(said: &Said, asked: &Asked, shape: Shape) -> Option<Value> {
    if let Some(refusal) = said.refusal {
        return Some(json!(refusal));
    }
    let text = match &said.text {
        Text::Words(text) => text,
        Text::Null => return Some(Value::Null),
        Text::Missing => return None,
    };
    let is_value = match asked.wish {
        Wish::Object | Wish::Schema(_) => true,
        Wish::Text => matches!(shape, Shape::Object | Shape::Number),
    };
    let value = serde_json::from_str(text).ok().filter(|_| is_value);
    Some(value.unwrap_or_else(|| json!(text)))
}

fn finish_reason(end: End) -> Option<Value> {
    let reason = match end {
        End::Stop | End::Refusal | End::Missing => return None,
        End::Length | End::Pause | End::WindowFull => "length",
        End::Filter => "content_filter",
        End::Tool => "tool_calls",
        End::Named(name) => name,
        End::Null => return Some(Value::Null),
    };
    Some(json!(reason))
}

fn usage(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
    })
}
