//! The response object.

use serde_json::{Value, json};

use crate::simulator::answer::{End, Said, Text, Usage};
use crate::simulator::asked::Asked;
use crate::simulator::openai::chat::set;
use crate::simulator::reply::{Background, Ending, Shape};

/// How a response stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standing {
    Queued,
    InProgress,
    Cancelled,
    Failed(&'static str),
    Whole(Shape),
}

/// What a response object is made from.
pub(crate) struct Draft<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) sequence: u64,
    /// In Unix seconds.
    pub(crate) created: u64,
}

impl Background {
    /// How the response stands when it is asked for the time of this number, from 1; nothing when
    /// it is forgotten.
    pub(crate) fn standing(self, poll: u32) -> Option<Standing> {
        if poll <= self.polls {
            return Some(Standing::InProgress);
        }
        match self.ending {
            Ending::Whole(shape) => Some(Standing::Whole(shape)),
            Ending::Failed(code) => Some(Standing::Failed(code)),
            Ending::Cancelled => Some(Standing::Cancelled),
            Ending::Never => Some(Standing::InProgress),
            Ending::Lost => None,
        }
    }
}

/// The id of the response with this number.
pub(crate) fn response_id(sequence: u64) -> String {
    format!("resp_sim{sequence:045x}")
}

impl Draft<'_> {
    /// The response object.
    pub(crate) fn object(&self, standing: Standing) -> Value {
        let status = match standing {
            Standing::Queued => "queued",
            Standing::InProgress => "in_progress",
            Standing::Cancelled => "cancelled",
            Standing::Failed(_) => "failed",
            Standing::Whole(_) => "completed",
        };
        let mut object = self.frame(status);
        match standing {
            Standing::Queued | Standing::InProgress | Standing::Cancelled => {}
            Standing::Failed(code) => {
                let message = format!("The response failed: {code}.");
                set(
                    &mut object,
                    "error",
                    json!({"code": code, "message": message}),
                );
            }
            Standing::Whole(shape) => self.fill(&mut object, shape),
        }
        object
    }

    fn frame(&self, status: &str) -> Value {
        json!({
            "id": response_id(self.sequence),
            "object": "response",
            "created_at": self.created,
            "status": status,
            "background": self.asked.background,
            "error": null,
            "incomplete_details": null,
            "instructions": null,
            "max_output_tokens": self.asked.max_tokens,
            "metadata": {},
            "model": self.asked.model,
            "output": [],
            "parallel_tool_calls": true,
            "previous_response_id": null,
            "store": true,
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": null,
        })
    }

    fn fill(&self, object: &mut Value, shape: Shape) {
        let said = self.asked.answer(shape);
        let (status, details) = status(said.end);
        set(object, "status", status);
        set(object, "incomplete_details", details);
        if shape != Shape::NoChoices {
            set(object, "output", self.output(&said, shape));
        }
        let usage = shape.usage_of(usage(said.usage));
        match (usage, object.as_object_mut()) {
            (Some(usage), _) => set(object, "usage", usage),
            (None, Some(fields)) => drop(fields.remove("usage")),
            (None, None) => {}
        }
    }

    fn output(&self, said: &Said, shape: Shape) -> Value {
        let sequence = self.sequence;
        let mut items = Vec::new();
        if said.reasoning.is_some() {
            items.push(json!({
                "id": format!("rs_sim{sequence:045x}"),
                "type": "reasoning",
                "summary": [],
            }));
        }
        let content = content(said);
        let is_silent = said.text == Text::Null && said.tool.is_some();
        if shape != Shape::NoMessage && !is_silent {
            items.push(json!({
                "id": format!("msg_sim{sequence:045x}"),
                "type": "message",
                "status": if said.end == End::Length { "incomplete" } else { "completed" },
                "role": "assistant",
                "content": content,
            }));
        }
        if let Some(tool) = &said.tool {
            items.push(json!({
                "id": format!("fc_sim{sequence:045x}"),
                "type": "function_call",
                "status": "completed",
                "call_id": format!("call_sim{sequence:021x}"),
                "name": tool,
                "arguments": "{}",
            }));
        }
        Value::Array(items)
    }
}

fn content(said: &Said) -> Value {
    if let Some(refusal) = said.refusal {
        return json!([{"type": "refusal", "refusal": refusal}]);
    }
    match &said.text {
        Text::Words(text) => json!([{
            "type": "output_text",
            "text": text,
            "annotations": [],
            "logprobs": [],
        }]),
        Text::Null | Text::Missing => json!([]),
    }
}

/// The status, and why it is not `completed`.
fn status(end: End) -> (Value, Value) {
    let incomplete = |reason: &str| (json!("incomplete"), json!({"reason": reason}));
    match end {
        End::Stop | End::Refusal | End::Tool => (json!("completed"), Value::Null),
        End::Length | End::WindowFull => incomplete("max_output_tokens"),
        End::Pause => incomplete("max_messages"),
        End::Filter => incomplete("content_filter"),
        End::Named(name) => (json!(name), Value::Null),
        End::Null | End::Missing => (Value::Null, Value::Null),
    }
}

fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cache_read},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    })
}
