//! Reads a `generate` request field by field.

mod format;
mod messages;
mod options;

use super::{
    GenerateInput, GenerateRequest, Known, OnContentFilter, OnRefusal, Submission, Target, Whom,
    limits,
};
use crate::json::rules::{Ruling, array, checked, choice, integer, label, number, text};
use crate::json::{FieldError, Fields, Item};
use crate::provider::capabilities;
use serde_json::Value;

const ON_CONTENT_FILTER: &[(&str, OnContentFilter)] = &[
    ("fail", OnContentFilter::Fail),
    ("fallback", OnContentFilter::Fallback),
];

const ON_REFUSAL: &[(&str, OnRefusal)] = &[
    ("fail", OnRefusal::Fail),
    ("succeed", OnRefusal::Succeed),
    ("fallback", OnRefusal::Fallback),
];

impl GenerateRequest {
    /// Reads the body of a `generate` request, as [`crate::json::parse`] gives it, and settles whom
    /// the job asks.
    ///
    /// Texts are kept byte for byte. The NUL character is refused in every string: D1 stores it,
    /// but its `length()` and many clients take it for the end.
    ///
    /// # Errors
    /// Every violation, with a pointer to it, unknown fields among them; see [`limits`] for the
    /// bounds. What one of the providers cannot do is a violation as well.
    pub fn read(value: &Value, known: &Known<'_>) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::of(value);
        let input = read_input(&mut fields, known);
        let submission = Submission::read(&mut fields);
        if let Some(input) = &input {
            refuse_unsupported(&mut fields, known, input);
        }
        fields.finish(|| {
            Some(Self {
                input: input?,
                submission,
            })
        })
    }
}

fn read_input(fields: &mut Fields<'_>, known: &Known<'_>) -> Option<GenerateInput> {
    let messages = messages::read(fields);
    let providers = read_chain(fields, known);
    let max_tokens = fields.optional("maxTokens", integer(limits::MAX_TOKENS));
    let temperature = fields.optional("temperature", number(limits::TEMPERATURE));
    let top_p = fields.optional("topP", number(limits::TOP_P));
    let stop = fields.optional("stop", array(limits::STOPS, text(limits::STOP_BYTES)));
    let seed = fields.optional("seed", integer(limits::SEED));
    let response_format = fields.optional("responseFormat", format::read);
    let language = fields.optional("language", label(limits::HINT_BYTES));
    let difficulty = fields.optional("difficulty", label(limits::HINT_BYTES));
    let provider_options = options::read(fields, providers.as_deref());
    let on_content_filter = fields.optional("onContentFilter", choice(ON_CONTENT_FILTER));
    let on_refusal = fields.optional("onRefusal", choice(ON_REFUSAL));
    let stop = stop.unwrap_or_default();
    Some(GenerateInput {
        providers: providers?,
        messages: messages?,
        max_tokens,
        temperature,
        top_p,
        stop: stop.into_iter().map(str::to_owned).collect(),
        seed,
        response_format: response_format.unwrap_or_default(),
        language: language.map(str::to_owned),
        difficulty: difficulty.map(str::to_owned),
        provider_options,
        on_content_filter: on_content_filter.unwrap_or_default(),
        on_refusal: on_refusal.unwrap_or_default(),
    })
}

/// Whom the job asks. When what it names cannot be read there is nothing to settle.
fn read_chain(fields: &mut Fields<'_>, known: &Known<'_>) -> Option<Vec<Target>> {
    let named = ["model", "provider", "providers"].map(|name| fields.has(name));
    let whom = Whom::read(fields);
    let read = [
        whom.model.is_some(),
        whom.provider.is_some(),
        !whom.providers.is_empty(),
    ];
    if named != read {
        return None;
    }
    match whom.chain(known) {
        Ok(chain) => Some(chain),
        Err(errors) => {
            for error in errors {
                fields.refuse_at(&error.pointer, error.detail);
            }
            None
        }
    }
}

/// What a provider of the chain cannot do, at the field that asks for it.
fn refuse_unsupported(fields: &mut Fields<'_>, known: &Known<'_>, input: &GenerateInput) {
    let mut told: Vec<(String, String)> = Vec::new();
    for (index, target) in input.providers.iter().enumerate() {
        let Some(provider) = known.configuration.providers.get(&target.provider) else {
            continue;
        };
        for (pointer, rule) in capabilities::unsupported(provider, &target.model, input) {
            let pointer = match pointer.as_str() {
                "/model" if fields.has("providers") => format!("/providers/{index}/model"),
                other => messages::pointer_in_body(other, fields, input),
            };
            if !told.contains(&(pointer.clone(), rule.clone())) {
                fields.refuse_at(&pointer, rule.clone());
                told.push((pointer, rule));
            }
        }
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
