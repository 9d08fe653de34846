//! A request for a message, read as strictly as the wire format asks for.

use axum::http::HeaderMap;
use serde_json::{Map, Value};

use crate::simulator::asked::{
    Asked, Body, InvalidRequest, Message, Wish, field, first_tool, in_range, stranger, text_of,
};

/// Every parameter of the wire format; any other is refused.
const PARAMETERS: [&str; 21] = [
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "messages",
    "metadata",
    "model",
    "output_config",
    "output_format",
    "service_tier",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

/// The versions of the API.
const VERSIONS: [&str; 3] = ["2023-01-01", "2023-06-01", "2026-10-21"];

/// Checks the header that names the version of the API.
pub(crate) fn check_version(headers: &HeaderMap) -> Result<(), InvalidRequest> {
    let name = "anthropic-version";
    match headers.get(name).map(|value| value.to_str()) {
        None => Err(InvalidRequest::bare(format!("{name}: header is required"))),
        Some(Ok(version)) if VERSIONS.contains(&version) => Ok(()),
        Some(version) => {
            let version = version.unwrap_or_default();
            let message = format!("{name}: \"{version}\" is not a valid version");
            Err(InvalidRequest::bare(message))
        }
    }
}

/// Reads the request.
pub(crate) fn read(body: &Body) -> Result<Asked, InvalidRequest> {
    let fields = body
        .fields()
        .ok_or_else(|| InvalidRequest::bare("The request body is not valid JSON"))?;
    for name in ["model", "messages", "max_tokens"] {
        if field(fields, name).is_none() {
            return Err(InvalidRequest::bare(format!("{name}: Field required")));
        }
    }
    if let Some(name) = stranger(fields, &PARAMETERS) {
        let message = format!("{name}: Extra inputs are not permitted");
        return Err(InvalidRequest::bare(message));
    }
    if field(fields, "stream").is_some_and(|value| *value != Value::Bool(false)) {
        let message = "stream: The simulator supports only false";
        return Err(InvalidRequest::bare(message));
    }
    for name in ["temperature", "top_p"] {
        if !in_range(fields, name, 1.0) {
            let message = format!("{name}: Input should be less than or equal to 1");
            return Err(InvalidRequest::bare(message));
        }
    }
    Ok(Asked {
        model: body.model().to_owned(),
        messages: conversation(fields)?,
        max_tokens: Some(max_tokens(fields)?),
        wish: wish(fields),
        tool: first_tool(fields),
        ..Asked::default()
    })
}

fn max_tokens(fields: &Map<String, Value>) -> Result<u64, InvalidRequest> {
    field(fields, "max_tokens")
        .and_then(Value::as_u64)
        .filter(|tokens| *tokens > 0)
        .ok_or_else(|| {
            InvalidRequest::bare("max_tokens: Input should be greater than or equal to 1")
        })
}

/// The system prompt, then the messages.
fn conversation(fields: &Map<String, Value>) -> Result<Vec<Message>, InvalidRequest> {
    let system = match field(fields, "system") {
        None => None,
        Some(system) => Some(text_of(system).ok_or_else(|| {
            InvalidRequest::bare("system: Input should be a valid string or list")
        })?),
    };
    let system = system.map(|text| Message::new("system", text));
    let messages = field(fields, "messages")
        .and_then(Value::as_array)
        .ok_or_else(|| InvalidRequest::bare("messages: Input should be a valid list"))?;
    if messages.is_empty() {
        let message = "messages: at least one message is required";
        return Err(InvalidRequest::bare(message));
    }
    let read = |(index, value)| message(index, value);
    let messages: Vec<_> = messages
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()?;
    Ok(system.into_iter().chain(messages).collect())
}

fn message(index: usize, value: &Value) -> Result<Message, InvalidRequest> {
    let role = value.get("role").and_then(Value::as_str);
    let Some(role @ ("user" | "assistant")) = role else {
        let message = format!("messages.{index}.role: Input should be 'user' or 'assistant'");
        return Err(InvalidRequest::bare(message));
    };
    let text = value.get("content").and_then(text_of);
    let text = text
        .ok_or_else(|| InvalidRequest::bare(format!("messages.{index}.content: Field required")))?;
    Ok(Message::new(role, text))
}

/// The schema of the answer, at its place now or at its place before.
fn wish(fields: &Map<String, Value>) -> Wish {
    let format = field(fields, "output_config").and_then(|config| config.get("format"));
    let format = format.or_else(|| field(fields, "output_format"));
    format
        .and_then(|format| format.get("schema"))
        .map_or(Wish::Text, |schema| Wish::Schema(schema.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Body, read};

    fn refusal(body: &Value) -> String {
        let body = Body::new(body.to_string().as_bytes());
        read(&body).expect_err("the request is refused").message
    }

    #[test]
    fn wrong_field_is_named() {
        let user = json!([{"role": "user", "content": "hi"}]);
        for (refused, body) in [
            (
                "model: Field required",
                json!({"messages": user, "max_tokens": 1}),
            ),
            (
                "messages: Field required",
                json!({"model": "m", "max_tokens": 1}),
            ),
            (
                "max_tokens: Field required",
                json!({"model": "m", "messages": user}),
            ),
            (
                "max_tokens: Input should be greater than or equal to 1",
                json!({"model": "m", "messages": user, "max_tokens": 0}),
            ),
            (
                "n: Extra inputs are not permitted",
                json!({"model": "m", "messages": user, "max_tokens": 1, "n": 1}),
            ),
            (
                "messages.0.role: Input should be 'user' or 'assistant'",
                json!({"model": "m", "max_tokens": 1,
                       "messages": [{"role": "system", "content": "hi"}]}),
            ),
            (
                "temperature: Input should be less than or equal to 1",
                json!({"model": "m", "messages": user, "max_tokens": 1, "temperature": 1.5}),
            ),
        ] {
            assert_eq!(refusal(&body), refused);
        }
    }

    #[test]
    fn system_prompt_and_blocks_are_read() {
        let body = json!({
            "model": "m",
            "max_tokens": 9,
            "system": [{"type": "text", "text": "be brief"}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "why?"}]}],
        });
        let asked = read(&Body::new(body.to_string().as_bytes())).unwrap();
        let said: Vec<_> = asked.messages.iter().map(|m| m.text.as_str()).collect();
        assert_eq!(said, ["be brief", "why?"]);
        assert_eq!(asked.max_tokens, Some(9));
    }
}
