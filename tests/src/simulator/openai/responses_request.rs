//! A request for a response, read as strictly as the wire format asks for.

use serde_json::{Map, Value};

use crate::simulator::asked::{
    Asked, Body, InvalidRequest, Message, Wish, field, first_tool, stranger, text_of,
};
use crate::simulator::request::{check_range, check_what_is_simulated};

/// Every parameter of the wire format; any other is refused.
const PARAMETERS: [&str; 27] = [
    "background",
    "conversation",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

/// Reads the request.
pub(crate) fn read(body: &Body) -> Result<Asked, InvalidRequest> {
    let fields = body
        .fields()
        .ok_or_else(|| InvalidRequest::bare("We could not parse the JSON body of your request."))?;
    if let Some(name) = stranger(fields, &PARAMETERS) {
        let message = format!("Unknown parameter: '{name}'.");
        return Err(InvalidRequest::of(name, message));
    }
    if body.model().is_empty() {
        let message = "Missing required parameter: 'model'.";
        return Err(InvalidRequest::of("model", message));
    }
    check_what_is_simulated(fields)?;
    check_range(fields, "temperature", 2.0)?;
    check_range(fields, "top_p", 1.0)?;
    let flag = |name| field(fields, name).and_then(Value::as_bool);
    let background = flag("background").unwrap_or_default();
    if background && flag("store") == Some(false) {
        let message = "Background mode requires 'store' to be true.";
        return Err(InvalidRequest::of("background", message));
    }
    Ok(Asked {
        model: body.model().to_owned(),
        messages: messages(fields)?,
        max_tokens: max_output_tokens(fields)?,
        wish: wish(fields)?,
        tool: first_tool(fields),
        background,
        ..Asked::default()
    })
}

/// The instructions, then the input: a text, or a list of items.
fn messages(fields: &Map<String, Value>) -> Result<Vec<Message>, InvalidRequest> {
    let instructions = field(fields, "instructions").and_then(Value::as_str);
    let instructions = instructions.map(|text| Message::new("system", text));
    let input = match field(fields, "input") {
        Some(Value::String(text)) => vec![Message::new("user", text.as_str())],
        Some(Value::Array(items)) if !items.is_empty() => items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                item_message(item).ok_or_else(|| {
                    let param = format!("input[{index}]");
                    InvalidRequest::of(&param, format!("Invalid '{param}': expected an item."))
                })
            })
            .collect::<Result<_, _>>()?,
        _ => {
            let message = "Missing required parameter: 'input'.";
            return Err(InvalidRequest::of("input", message));
        }
    };
    Ok(instructions.into_iter().chain(input).collect())
}

/// A message, or an empty one for an item of another type.
fn item_message(item: &Value) -> Option<Message> {
    match item.get("type").and_then(Value::as_str) {
        None | Some("message") => {
            let role = item.get("role")?.as_str()?;
            let known = ["user", "assistant", "system", "developer"].contains(&role);
            let text = text_of(item.get("content")?)?;
            known.then(|| Message::new(role, text))
        }
        Some(other) => Some(Message::new(other, "")),
    }
}

fn max_output_tokens(fields: &Map<String, Value>) -> Result<Option<u64>, InvalidRequest> {
    let name = "max_output_tokens";
    match field(fields, name).map(Value::as_u64) {
        None => Ok(None),
        Some(Some(tokens)) if tokens >= 16 => Ok(Some(tokens)),
        Some(_) => Err(InvalidRequest::of(
            name,
            format!("Invalid '{name}': integer below minimum value. Expected a value >= 16."),
        )),
    }
}

fn wish(fields: &Map<String, Value>) -> Result<Wish, InvalidRequest> {
    let Some(format) = field(fields, "text").and_then(|text| text.get("format")) else {
        return Ok(Wish::Text);
    };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(Wish::Text),
        Some("json_object") => Ok(Wish::Object),
        Some("json_schema") if format.get("name").is_some_and(Value::is_string) => Ok(
            Wish::Schema(format.get("schema").cloned().unwrap_or_default()),
        ),
        _ => Err(InvalidRequest::of("text.format", "Invalid 'text.format'.")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Body, read};

    fn refused_param(body: &Value) -> Option<String> {
        let body = Body::new(body.to_string().as_bytes());
        read(&body).expect_err("the request is refused").param
    }

    #[test]
    fn instructions_come_before_the_input() {
        let body = json!({"model": "m", "instructions": "be brief", "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "why?"}]},
        ]});
        let asked = read(&Body::new(body.to_string().as_bytes())).unwrap();
        let said: Vec<_> = asked.messages.iter().map(|m| m.text.as_str()).collect();
        assert_eq!(said, ["be brief", "why?"]);
    }

    #[test]
    fn wrong_field_is_named() {
        for (param, body) in [
            ("model", json!({"input": "hi"})),
            ("input", json!({"model": "m"})),
            (
                "input[0]",
                json!({"model": "m", "input": [{"role": "robot", "content": "hi"}]}),
            ),
            ("messages", json!({"model": "m", "messages": []})),
            (
                "max_output_tokens",
                json!({"model": "m", "input": "hi", "max_output_tokens": 1}),
            ),
            (
                "background",
                json!({"model": "m", "input": "hi", "background": true, "store": false}),
            ),
            (
                "text.format",
                json!({"model": "m", "input": "hi", "text": {"format": {"type": "x"}}}),
            ),
        ] {
            assert_eq!(refused_param(&body).as_deref(), Some(param));
        }
    }
}
