//! What a request says in words beside the conversation, because a provider has no field for it.

use crate::request::{Content, GenerateInput, Part, ResponseFormat, Role};
use std::borrow::Cow;

/// What a protocol has fields for, when JSON is asked for; what it has none for is said in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonFields {
    /// For both forms, but one object is refused when no message mentions JSON.
    All,
    /// For the schema, but not for one object.
    Schema,
    /// For neither, or not with every model.
    None,
}

/// The instruction, if there is anything to say.
pub(super) fn hint(input: &GenerateInput, fields: JsonFields) -> Option<String> {
    let mut hints = Vec::new();
    if let Some(language) = &input.language {
        hints.push(format!("Write code in {language}."));
    }
    if let Some(difficulty) = &input.difficulty {
        hints.push(format!("The difficulty is {difficulty}."));
    }
    match &input.response_format {
        ResponseFormat::Json if fields != JsonFields::All || !mentions_json(input) => {
            hints.push("Answer with one JSON object and nothing else.".to_owned());
        }
        ResponseFormat::JsonSchema { schema, .. } if fields == JsonFields::None => {
            hints.push(format!(
                "Answer with one JSON value that fits this JSON Schema, and nothing else: {schema}"
            ));
        }
        ResponseFormat::Text | ResponseFormat::Json | ResponseFormat::JsonSchema { .. } => {}
    }
    (!hints.is_empty()).then(|| hints.join(" "))
}

fn mentions_json(input: &GenerateInput) -> bool {
    input.messages.iter().any(|message| {
        let text = text_of(&message.content);
        text.as_bytes()
            .windows(4)
            .any(|four| four.eq_ignore_ascii_case(b"json"))
    })
}

/// The texts of a message.
pub(super) fn text_of(content: &Content) -> Cow<'_, str> {
    match content {
        Content::Text(text) => text.into(),
        Content::Parts(parts) => parts
            .iter()
            .filter_map(|part| match part {
                Part::Text { text } => Some(text.as_str()),
                Part::Image { .. } => None,
            })
            .collect::<String>()
            .into(),
    }
}

/// Whether a message holds an image.
pub(super) fn has_image(content: &Content) -> bool {
    match content {
        Content::Text(_) => false,
        Content::Parts(parts) => parts.iter().any(|part| matches!(part, Part::Image { .. })),
    }
}

/// The instructions of the whole conversation, which some providers want apart from it.
pub(super) fn instructions(input: &GenerateInput, hint: Option<String>) -> Option<String> {
    let system = input.messages.iter().filter(|one| one.role == Role::System);
    let said = system.map(|message| text_of(&message.content).into_owned());
    let all: Vec<String> = said.chain(hint).collect();
    (!all.is_empty()).then(|| all.join("\n\n"))
}
