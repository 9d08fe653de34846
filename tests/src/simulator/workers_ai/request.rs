//! A request to a model of Workers AI.

use serde_json::{Map, Value};

use crate::simulator::asked::{
    Asked, Body, InvalidRequest, Message, Wish, field, first_tool, in_range, text_of,
};

/// Reads a request for this model. Parameters that are unknown are let pass, as the models do.
pub(crate) fn read(body: &Body, model: &str) -> Result<Asked, InvalidRequest> {
    let fields = body
        .fields()
        .ok_or_else(|| InvalidRequest::bare("Error: the body is no JSON object"))?;
    if field(fields, "stream").is_some_and(|value| *value != Value::Bool(false)) {
        let message = "Error: the simulator supports only 'stream' = false";
        return Err(InvalidRequest::bare(message));
    }
    if !in_range(fields, "temperature", 5.0) {
        let message = "Error: '/temperature' must be <= 5";
        return Err(InvalidRequest::bare(message));
    }
    Ok(Asked {
        model: model.to_owned(),
        messages: messages(fields)?,
        max_tokens: field(fields, "max_tokens").and_then(Value::as_u64),
        wish: wish(fields),
        tool: first_tool(fields),
        ..Asked::default()
    })
}

/// The messages, or the prompt as one.
fn messages(fields: &Map<String, Value>) -> Result<Vec<Message>, InvalidRequest> {
    if let Some(prompt) = field(fields, "prompt").and_then(Value::as_str) {
        return Ok(vec![Message::new("user", prompt)]);
    }
    let messages = field(fields, "messages").and_then(Value::as_array);
    let messages = messages.filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| {
        InvalidRequest::bare(
            "Error: oneOf at '/' not met, 0 matches: required properties at '/' are 'prompt', \
             required properties at '/' are 'messages'",
        )
    })?;
    let read = |(index, value): (usize, &Value)| {
        let role = value.get("role").and_then(Value::as_str);
        let text = value.get("content").and_then(text_of);
        role.zip(text)
            .map(|(role, text)| Message::new(role, text))
            .ok_or_else(|| {
                let message = format!("Error: '/messages/{index}' must have a role and a content");
                InvalidRequest::bare(message)
            })
    };
    messages.iter().enumerate().map(read).collect()
}

fn wish(fields: &Map<String, Value>) -> Wish {
    let format = field(fields, "response_format");
    let kind = format.and_then(|format| format.get("type")?.as_str());
    match (kind, format.and_then(|format| format.get("json_schema"))) {
        (Some("json_schema"), Some(schema)) => Wish::Schema(schema.clone()),
        (Some("json_object"), _) => Wish::Object,
        _ => Wish::Text,
    }
}
