//! A chat request, read as strictly as the wire format asks for.

use serde_json::{Map, Value};

use crate::simulator::asked::{
    Asked, Body, InvalidRequest, Message, Wish, field, first_tool, in_range, stranger, text_of,
};

/// Every parameter of the wire format; any other is refused.
const PARAMETERS: [&str; 35] = [
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

const ROLES: [&str; 6] = [
    "assistant",
    "developer",
    "function",
    "system",
    "tool",
    "user",
];

/// Reads a chat request for this model, which may be named outside the body.
pub(crate) fn read(body: &Body, model: &str) -> Result<Asked, InvalidRequest> {
    let fields = body
        .fields()
        .ok_or_else(|| InvalidRequest::bare("We could not parse the JSON body of your request."))?;
    if let Some(name) = stranger(fields, &PARAMETERS) {
        let message = format!("Unrecognized request argument supplied: {name}");
        return Err(InvalidRequest::bare(message));
    }
    if model.is_empty() {
        return Err(InvalidRequest::of(
            "model",
            "You must provide a model parameter.",
        ));
    }
    check_what_is_simulated(fields)?;
    check_range(fields, "temperature", 2.0)?;
    check_range(fields, "top_p", 1.0)?;
    Ok(Asked {
        model: model.to_owned(),
        messages: messages(fields)?,
        max_tokens: max_tokens(fields)?,
        wish: wish(fields)?,
        tool: first_tool(fields),
        ..Asked::default()
    })
}

/// Refuses what a provider could do and the simulator cannot.
pub(crate) fn check_what_is_simulated(fields: &Map<String, Value>) -> Result<(), InvalidRequest> {
    let differs =
        |name, simulated: &Value| field(fields, name).is_some_and(|value| value != simulated);
    for (name, simulated) in [("stream", Value::Bool(false)), ("n", Value::from(1))] {
        if differs(name, &simulated) {
            let message = format!("The simulator supports only '{name}' = {simulated}.");
            return Err(InvalidRequest::of(name, message));
        }
    }
    Ok(())
}

/// Refuses a number that is outside its range.
pub(crate) fn check_range(
    fields: &Map<String, Value>,
    name: &str,
    most: f64,
) -> Result<(), InvalidRequest> {
    if in_range(fields, name, most) {
        return Ok(());
    }
    Err(InvalidRequest::of(
        name,
        format!("Invalid '{name}': expected a number from 0 to {most}."),
    ))
}

fn max_tokens(fields: &Map<String, Value>) -> Result<Option<u64>, InvalidRequest> {
    let names = ["max_tokens", "max_completion_tokens"];
    let mut limit = None;
    for name in names {
        let Some(value) = field(fields, name) else {
            continue;
        };
        if limit.is_some() {
            let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is \
                           not supported.";
            return Err(InvalidRequest::of(name, message));
        }
        limit = Some(value.as_u64().filter(|tokens| *tokens > 0).ok_or_else(|| {
            InvalidRequest::of(
                name,
                format!("Invalid '{name}': expected an integer above 0."),
            )
        })?);
    }
    Ok(limit)
}

fn wish(fields: &Map<String, Value>) -> Result<Wish, InvalidRequest> {
    let name = "response_format";
    let Some(format) = field(fields, name) else {
        return Ok(Wish::Text);
    };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(Wish::Text),
        Some("json_object") => Ok(Wish::Object),
        Some("json_schema") => match format.get("json_schema") {
            Some(schema) if schema.get("name").is_some_and(Value::is_string) => Ok(Wish::Schema(
                schema.get("schema").cloned().unwrap_or_default(),
            )),
            _ => Err(InvalidRequest::of(
                "response_format.json_schema",
                "Missing required parameter: 'response_format.json_schema'.",
            )),
        },
        _ => Err(InvalidRequest::of(name, "Invalid 'response_format.type'.")),
    }
}

fn messages(fields: &Map<String, Value>) -> Result<Vec<Message>, InvalidRequest> {
    let array = field(fields, "messages").and_then(Value::as_array);
    let array = array
        .filter(|messages| !messages.is_empty())
        .ok_or_else(|| {
            InvalidRequest::of(
                "messages",
                "Invalid 'messages': expected an array with at least one message.",
            )
        })?;
    let read = |(index, value)| {
        message(value).ok_or_else(|| {
            let param = format!("messages[{index}]");
            InvalidRequest::of(&param, format!("Invalid '{param}': expected a message."))
        })
    };
    array.iter().enumerate().map(read).collect()
}

fn message(value: &Value) -> Option<Message> {
    let role = value.get("role")?.as_str()?;
    let text = match value.get("content") {
        Some(content) if !content.is_null() => text_of(content)?,
        _ if role == "assistant" => String::new(),
        _ => return None,
    };
    ROLES.contains(&role).then(|| Message::new(role, text))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Asked, Body, InvalidRequest, Wish};

    fn read(body: &Value) -> Result<Asked, InvalidRequest> {
        let body = Body::new(body.to_string().as_bytes());
        super::read(&body, body.model())
    }

    fn refused_param(body: &Value) -> Option<String> {
        read(body).expect_err("the request is refused").param
    }

    #[test]
    fn text_parts_of_a_message_are_joined() {
        let body = json!({
            "model": "m",
            "messages": [{"role": "user", "content": [
                {"type": "text", "text": "one "},
                {"type": "image_url", "image_url": {"url": "https://example.com"}},
                {"type": "text", "text": "two"},
            ]}],
        });
        assert_eq!(read(&body).unwrap().messages[0].text, "one two");
    }

    #[test]
    fn wrong_field_is_named() {
        let user = json!([{"role": "user", "content": "hi"}]);
        for (param, body) in [
            ("model", json!({"messages": user})),
            ("messages", json!({"model": "m"})),
            ("messages", json!({"model": "m", "messages": []})),
            (
                "messages[0]",
                json!({"model": "m", "messages": [{"role": "robot", "content": "hi"}]}),
            ),
            (
                "messages[0]",
                json!({"model": "m", "messages": [{"role": "user"}]}),
            ),
            (
                "temperature",
                json!({"model": "m", "messages": user, "temperature": 2.5}),
            ),
            (
                "max_tokens",
                json!({"model": "m", "messages": user, "max_tokens": 0}),
            ),
            (
                "stream",
                json!({"model": "m", "messages": user, "stream": true}),
            ),
            (
                "response_format",
                json!({"model": "m", "messages": user, "response_format": {"type": "yaml"}}),
            ),
            (
                "response_format.json_schema",
                json!({"model": "m", "messages": user, "response_format": {"type": "json_schema"}}),
            ),
        ] {
            assert_eq!(refused_param(&body).as_deref(), Some(param));
        }
    }

    #[test]
    fn schema_and_tool_are_read() {
        let body = json!({
            "model": "m",
            "messages": [{"role": "user", "content": "hi"}],
            "response_format": {"type": "json_schema", "json_schema": {
                "name": "n", "schema": {"type": "object"},
            }},
            "tools": [{"type": "function", "function": {"name": "look"}}],
        });
        let asked = read(&body).unwrap();
        assert!(matches!(asked.wish, Wish::Schema(schema) if schema["type"] == "object"));
        assert_eq!(asked.tool.as_deref(), Some("look"));
    }

    #[test]
    fn unknown_parameter_is_refused() {
        let body = json!({
            "model": "m",
            "messages": [{"role": "user", "content": "hi"}],
            "maxTokens": 5,
        });
        let refusal = read(&body).unwrap_err();
        assert!(refusal.message.ends_with("maxTokens"), "{refusal:?}");
    }

    #[test]
    fn body_that_is_no_object_has_no_model() {
        for bytes in [&b"{"[..], b"[]", b"\xff", b""] {
            let body = Body::new(bytes);
            assert_eq!(body.model(), "");
            assert!(super::read(&body, "m").is_err());
        }
    }
}
