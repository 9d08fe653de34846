//! A chat request, read as strictly as the wire format asks for.

use serde_json::{Map, Value};

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

/// What the simulator makes use of in a request.
pub(crate) struct ChatRequest {
    pub(crate) model: String,
    pub(crate) messages: Vec<Message>,
    /// The most tokens that the answer may have.
    pub(crate) max_tokens: Option<u64>,
    /// Whether the text of the answer must be a JSON object.
    pub(crate) json: bool,
}

/// One message of the conversation.
pub(crate) struct Message {
    pub(crate) role: String,
    /// The text, the parts of it joined; empty where there is none.
    pub(crate) text: String,
}

/// Why a request is refused with 400.
#[derive(Debug)]
pub(crate) struct InvalidRequest {
    pub(crate) message: String,
    pub(crate) param: Option<String>,
}

impl InvalidRequest {
    fn of(param: &str, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            param: Some(param.to_owned()),
        }
    }
}

/// A body that may hold a request.
pub(crate) struct Body(Option<Map<String, Value>>);

impl Body {
    /// Takes the bytes of a body, whatever they are.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(serde_json::from_slice(bytes).ok())
    }

    /// The name of the model, as far as there is one.
    pub(crate) fn model(&self) -> &str {
        let model = self.0.as_ref().and_then(|fields| fields.get("model"));
        model.and_then(Value::as_str).unwrap_or_default()
    }

    /// Reads the request.
    pub(crate) fn read(&self) -> Result<ChatRequest, InvalidRequest> {
        let fields = self.0.as_ref().ok_or_else(|| InvalidRequest {
            message: "We could not parse the JSON body of your request.".to_owned(),
            param: None,
        })?;
        if let Some(name) = fields.keys().find(|name| !is_parameter(name)) {
            let message = format!("Unrecognized request argument supplied: {name}");
            return Err(InvalidRequest {
                message,
                param: None,
            });
        }
        let model = self.model();
        if model.is_empty() {
            return Err(InvalidRequest::of(
                "model",
                "You must provide a model parameter.",
            ));
        }
        check_what_is_simulated(fields)?;
        check_range(fields, "temperature", 2.0)?;
        check_range(fields, "top_p", 1.0)?;
        Ok(ChatRequest {
            model: model.to_owned(),
            messages: messages(fields)?,
            max_tokens: max_tokens(fields)?,
            json: wants_json(fields)?,
        })
    }
}

fn is_parameter(name: &str) -> bool {
    PARAMETERS.contains(&name)
}

/// A field that is set: one that is `null` counts as absent.
fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

/// Refuses what a provider could do and the simulator cannot.
fn check_what_is_simulated(fields: &Map<String, Value>) -> Result<(), InvalidRequest> {
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

fn check_range(fields: &Map<String, Value>, name: &str, most: f64) -> Result<(), InvalidRequest> {
    match field(fields, name).map(Value::as_f64) {
        None => Ok(()),
        Some(Some(number)) if (0.0..=most).contains(&number) => Ok(()),
        Some(_) => Err(InvalidRequest::of(
            name,
            format!("Invalid '{name}': expected a number from 0 to {most}."),
        )),
    }
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

fn wants_json(fields: &Map<String, Value>) -> Result<bool, InvalidRequest> {
    let name = "response_format";
    let Some(format) = field(fields, name) else {
        return Ok(false);
    };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(false),
        Some("json_object") => Ok(true),
        Some("json_schema") => Err(InvalidRequest::of(
            name,
            "The simulator does not support 'response_format' of type 'json_schema'.",
        )),
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
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect(),
        Some(Value::Null) | None if role == "assistant" => String::new(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
            return None;
        }
    };
    ROLES.contains(&role).then(|| Message {
        role: role.to_owned(),
        text,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Body;

    fn refused_param(body: &Value) -> Option<String> {
        let result = Body::new(body.to_string().as_bytes()).read();
        result.err().expect("the request is refused").param
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
        let request = Body::new(body.to_string().as_bytes()).read().unwrap();
        assert_eq!(request.messages[0].text, "one two");
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
        ] {
            assert_eq!(refused_param(&body).as_deref(), Some(param));
        }
    }

    #[test]
    fn unknown_parameter_is_refused() {
        let body = json!({
            "model": "m",
            "messages": [{"role": "user", "content": "hi"}],
            "maxTokens": 5,
        });
        let refusal = Body::new(body.to_string().as_bytes()).read().err().unwrap();
        assert!(refusal.message.ends_with("maxTokens"), "{refusal:?}");
    }

    #[test]
    fn body_that_is_no_object_has_no_model() {
        for bytes in [&b"{"[..], b"[]", b"\xff", b""] {
            let body = Body::new(bytes);
            assert_eq!(body.model(), "");
            assert!(body.read().is_err());
        }
    }
}
