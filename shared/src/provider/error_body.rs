//! What a provider says went wrong, in any of the shapes seen in the field.
//!
//! Only codes and types are compared with anything. Messages may echo the prompt, so a message
//! decides nothing, but for the few rows of the table that list how it begins.

use super::lenient::{self, name};
use super::redact;
use serde_json::Value;

/// An error as a provider wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    /// `code`: a word such as `insufficient_quota`, or a number, as text.
    pub(super) code: Option<String>,
    /// A code that says more: Anthropic's `details.error_code`, Azure's `innererror.code`.
    pub(super) detail: Option<String>,
    /// `type`.
    pub(super) kind: Option<String>,
    /// The provider's words.
    pub(super) message: Option<String>,
    /// `OpenRouter`'s sign of a refused prompt: `metadata` with reasons and the flagged input.
    pub(super) moderated: bool,
    /// The name of the call, where the body has it.
    pub(super) request_id: Option<String>,
}

/// How deep `detail.error` and its like are followed.
const DEEPEST: u8 = 3;

impl ErrorBody {
    /// Reads the body of a reply whose status says it failed. A body that says nothing readable,
    /// such as a proxy's HTML page, is an error without code, type and message.
    pub(super) fn of_failed_reply(body: &[u8]) -> Self {
        lenient::json(body)
            .and_then(|root| Self::within(&root).or_else(|| Self::of_value(&root, DEEPEST)))
            .unwrap_or_default()
    }

    /// Finds the error in a body whose status says it succeeded: a top-level `error`, an envelope
    /// with `success: false`, or an object that says it is an error.
    pub(super) fn within(root: &Value) -> Option<Self> {
        // A reply in a list of one has been seen in front of Gemini.
        let root = root.get(0).unwrap_or(root);
        if let Some(error) = root.get("error").filter(|error| is_something(error)) {
            let error = Self::of_value(error, DEEPEST).unwrap_or_default();
            return Some(Self {
                request_id: name(root.get("request_id")),
                ..error
            });
        }
        let failed = root.get("success").and_then(Value::as_bool) == Some(false);
        let error = root.get("object").and_then(Value::as_str) == Some("error");
        (failed || error).then(|| Self::of_value(root, DEEPEST).unwrap_or_default())
    }

    /// The provider's type and codes, to be shown to the tenant, each only if it is a plain word.
    pub(super) fn named(&self) -> Option<String> {
        let word = |name: &str, word: &Option<String>| {
            let word = plain_word(word.as_deref()?)?;
            Some(format!("{name} `{word}`"))
        };
        let words = [
            word("type", &self.kind),
            word("code", &self.code),
            word("detail", &self.detail),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(" and "))
    }

    pub(super) fn of_event(event: &Value) -> Self {
        Self::within(event)
            .or_else(|| Self::of_value(event, DEEPEST))
            .unwrap_or_default()
    }

    fn of_value(value: &Value, depth: u8) -> Option<Self> {
        if depth == 0 {
            return None;
        }
        match value {
            Value::String(message) => Some(Self {
                message: Some(message.clone()),
                ..Self::default()
            }),
            Value::Array(list) => Self::of_value(list.first()?, depth - 1),
            Value::Object(fields) => {
                let nested = ["error", "detail", "errors"]
                    .iter()
                    .filter_map(|key| fields.get(*key).filter(|inner| is_something(inner)))
                    .find_map(|inner| Self::of_value(inner, depth - 1));
                Some(nested.unwrap_or_else(|| Self::of_fields(value)))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }

    fn of_fields(error: &Value) -> Self {
        let metadata = error.get("metadata");
        let flagged = |key| {
            metadata
                .and_then(|metadata| metadata.get(key))
                .is_some_and(is_something)
        };
        let inner = |key: &str, code: &str| name(error.get(key).and_then(|inner| inner.get(code)));
        Self {
            code: name(error.get("code")).or_else(|| name(error.get("statusCode"))),
            detail: inner("details", "error_code")
                .or_else(|| inner("innererror", "code"))
                .or_else(|| inner("inner_error", "code")),
            kind: name(error.get("type")),
            message: lenient::text(error.get("message"))
                .or_else(|| lenient::text(error.get("msg")))
                .map(str::to_owned),
            moderated: flagged("reasons") && flagged("flagged_input"),
            request_id: None,
        }
    }

    /// The codes, then the type.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let codes = self.code.iter().chain(&self.detail);
        codes.chain(&self.kind).map(String::as_str)
    }

    /// The status of failure that the code spells, as `429` or `"429"`.
    pub(super) fn status(&self) -> Option<u16> {
        let status = self.code.as_ref()?.parse().ok()?;
        (400..600).contains(&status).then_some(status)
    }
}

/// A word of a provider's that may be shown to the tenant: short, plain, and left alone by the
/// redaction, so that neither a prompt nor a key passes as one.
pub(super) fn plain_word(word: &str) -> Option<&str> {
    let plain = (1..=48).contains(&word.len())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        && redact::excerpt(word.as_bytes()).as_deref() == Some(word);
    plain.then_some(word)
}

/// Whether a field says anything: some servers send `"error": null` or `""` with every answer.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(said) => *said,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Number(_) | Value::Object(_) => true,
    }
}

#[cfg(test)]
mod tests;
