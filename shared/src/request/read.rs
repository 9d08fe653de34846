//! Reads a `generate` request field by field.

use super::{
    Content, GenerateInput, GenerateRequest, Message, OnContentFilter, OnRefusal, ResponseFormat,
    Role, Submission, Target, limits,
};
use crate::configuration::Configuration;
use crate::json::rules::{Ruling, array, checked, choice, integer, label, number, object, text};
use crate::json::{FieldError, Fields, Item};
use serde_json::Value;
use std::collections::BTreeMap;

const ROLES: &[(&str, Role)] = &[
    ("system", Role::System),
    ("user", Role::User),
    ("assistant", Role::Assistant),
];

/// What a request is read against.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The deployment's configuration.
    pub configuration: &'a Configuration,
    /// The tenant's own defaults; empty: those of the configuration hold.
    pub default_providers: &'a [Target],
}

impl GenerateRequest {
    /// Reads the body of a `generate` request, as [`crate::json::parse`] gives it.
    ///
    /// Texts are kept byte for byte. The NUL character is refused in every string: D1 stores it,
    /// but its `length()` and many clients take it for the end.
    ///
    /// # Errors
    /// Every violation, with a pointer to it, unknown fields among them; see [`limits`] for the
    /// bounds.
    pub fn read(value: &Value, known: &Known<'_>) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::of(value);
        let input = read_input(&mut fields, known);
        let submission = Submission::read(&mut fields);
        fields.finish(|| {
            Some(Self {
                input: input?,
                submission,
            })
        })
    }
}

fn read_input(fields: &mut Fields<'_>, known: &Known<'_>) -> Option<GenerateInput> {
    let messages = read_messages(fields);
    let model = fields.optional("model", read_model);
    let max_tokens = fields.optional("maxTokens", integer(limits::MAX_TOKENS));
    let temperature = fields.optional("temperature", number(limits::TEMPERATURE));
    let response_format = fields.optional("responseFormat", read_response_format);
    let language = fields.optional("language", label(limits::HINT_BYTES));
    let difficulty = fields.optional("difficulty", label(limits::HINT_BYTES));
    let mut providers = if known.default_providers.is_empty() {
        known.configuration.default_providers.clone()
    } else {
        known.default_providers.to_vec()
    };
    if let Some(model) = model {
        providers.truncate(1);
        for target in &mut providers {
            model.clone_into(&mut target.model);
        }
    }
    Some(GenerateInput {
        providers,
        messages: messages?,
        max_tokens,
        temperature,
        top_p: None,
        stop: Vec::new(),
        seed: None,
        response_format: response_format.unwrap_or_default(),
        language: language.map(str::to_owned),
        difficulty: difficulty.map(str::to_owned),
        provider_options: BTreeMap::new(),
        on_content_filter: OnContentFilter::Fail,
        on_refusal: OnRefusal::Fail,
    })
}

fn read_response_format(item: Item<'_>) -> Ruling<ResponseFormat> {
    let is_json = choice(&[("text", false), ("json", true)])(item)?;
    Ok(if is_json {
        ResponseFormat::Json
    } else {
        ResponseFormat::Text
    })
}

/// The conversation: `system`, if any, and then either `prompt` or `messages`.
fn read_messages(fields: &mut Fields<'_>) -> Option<Vec<Message>> {
    let system = fields.optional("system", text(limits::TEXT_BYTES));
    let prompt = fields.optional("prompt", text(limits::TEXT_BYTES));
    let messages = fields.optional("messages", array(limits::MESSAGES, object(read_message)));
    match (fields.has("prompt"), fields.has("messages")) {
        (true, true) => fields.refuse("messages", "must be absent when `prompt` is given"),
        (false, false) => fields.refuse("prompt", "is required when `messages` is absent"),
        (true, false) | (false, true) => {}
    }
    let said = prompt
        .map(|prompt| vec![message(Role::User, prompt)])
        .or(messages)?;
    Some(
        system
            .map(|system| message(Role::System, system))
            .into_iter()
            .chain(said)
            .collect(),
    )
}

fn read_message(mut fields: Fields<'_>) -> Ruling<Message> {
    let role = fields.required("role", choice(ROLES));
    let content = fields.required("content", text(limits::TEXT_BYTES));
    fields.finish(|| Some(message(role?, content?)))
}

fn message(role: Role, content: &str) -> Message {
    Message {
        role,
        content: Content::Text(content.to_owned()),
    }
}

pub(crate) fn read_model(item: Item<'_>) -> Ruling<&str> {
    checked(text(limits::MODEL_BYTES), |model| {
        let named = model
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || limits::MODEL_PUNCTUATION.contains(&byte));
        if named {
            Ok(model)
        } else {
            Err("may hold only letters and digits of ASCII and the characters ._:/@+-")
        }
    })(item)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
