//! What the simulator makes use of in a request, whatever its wire format.

use serde_json::{Map, Value};

use crate::simulator::piston::Job;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) model: String,
    pub(crate) messages: Vec<Message>,
    /// The most tokens that the answer may have.
    pub(crate) max_tokens: Option<u64>,
    pub(crate) wish: Wish,
    /// The name of the first tool that may be called.
    pub(crate) tool: Option<String>,
    /// Whether the caller comes back for the answer.
    pub(crate) background: bool,
    /// The code to run, where there is any.
    pub(crate) job: Option<Job>,
}

/// What the text of the answer must be.
#[derive(Clone, Debug, Default)]
pub(crate) enum Wish {
    /// Any text.
    #[default]
    Text,
    /// A JSON object.
    Object,
    /// JSON that fits this schema.
    Schema(Value),
}

/// One message of the conversation.
#[derive(Clone, Debug)]
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
    pub(crate) fn of(param: &str, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            param: Some(param.to_owned()),
        }
    }

    pub(crate) fn bare(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            param: None,
        }
    }
}

impl Message {
    pub(crate) fn new(role: &str, text: impl Into<String>) -> Self {
        Self {
            role: role.to_owned(),
            text: text.into(),
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

    /// The fields, if the body is a JSON object.
    pub(crate) fn fields(&self) -> Option<&Map<String, Value>> {
        self.0.as_ref()
    }
}

/// A field that is set: one that is `null` counts as absent.
pub(crate) fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

/// The first name that is none of these.
pub(crate) fn stranger<'a>(fields: &'a Map<String, Value>, known: &[&str]) -> Option<&'a str> {
    fields
        .keys()
        .map(String::as_str)
        .find(|name| !known.contains(name))
}

/// Whether a number is within its range, if it is given.
pub(crate) fn in_range(fields: &Map<String, Value>, name: &str, most: f64) -> bool {
    field(fields, name).is_none_or(|value| {
        value
            .as_f64()
            .is_some_and(|number| (0.0..=most).contains(&number))
    })
}

/// Text that stands as a string or as parts with a `text`.
pub(crate) fn text_of(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(
            parts
                .iter()
                .filter_map(|part| part.get("text")?.as_str())
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// The name of the first tool, which stands in the tool itself or in its `function`.
pub(crate) fn first_tool(fields: &Map<String, Value>) -> Option<String> {
    let tool = field(fields, "tools")?.as_array()?.first()?;
    let name = tool
        .get("name")
        .or_else(|| tool.get("function")?.get("name"));
    Some(name?.as_str()?.to_owned())
}
