//! Whole answers: the chat completion object, its text and its usage.

use serde_json::{Value, json};

use crate::simulator::behaviour::Shape;
use crate::simulator::random;
use crate::simulator::request::{ChatRequest, Message};

/// How much of the last user message an answer quotes, in characters.
const QUOTED_CHARACTERS: usize = 200;
/// How many characters make a token.
const TOKEN_CHARACTERS: usize = 4;
/// What `sim-refusal` says.
const REFUSAL: &str = "I'm sorry, but I can't help with that.";
const BYTES_PER_KIBIBYTE: usize = 1024;

/// What is told of one answer.
struct Choice {
    content: Option<String>,
    refusal: Option<&'static str>,
    finish_reason: &'static str,
}

impl Choice {
    fn stopped(content: impl Into<String>) -> Self {
        Self {
            content: Some(content.into()),
            refusal: None,
            finish_reason: "stop",
        }
    }

    /// The tokens of what was said.
    fn tokens(&self) -> usize {
        let said = self.content.as_deref().or(self.refusal);
        said.map(tokens).unwrap_or_default()
    }
}

/// The chat completion object for a request. `sequence` makes its id unique; `created` is in Unix
/// seconds.
pub(crate) fn completion(
    request: &ChatRequest,
    shape: Shape,
    sequence: u64,
    created: u64,
) -> Value {
    let choice = choice(request, shape);
    let mut object = json!({
        "id": format!("chatcmpl-sim{sequence:029x}"),
        "object": "chat.completion",
        "created": created,
        "model": request.model,
        "choices": [],
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    });
    if shape != Shape::NoUsage {
        set(&mut object, "usage", usage(request, &choice));
    }
    if shape != Shape::NoChoices {
        set(&mut object, "choices", json!([choice_object(&choice)]));
    }
    object
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

fn choice_object(choice: &Choice) -> Value {
    json!({
        "index": 0,
        "message": {
            "role": "assistant",
            "content": choice.content,
            "refusal": choice.refusal,
            "annotations": [],
        },
        "logprobs": null,
        "finish_reason": choice.finish_reason,
    })
}

fn usage(request: &ChatRequest, choice: &Choice) -> Value {
    let prompt = prompt_tokens(&request.messages);
    let completion = choice.tokens();
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

fn choice(request: &ChatRequest, shape: Shape) -> Choice {
    match shape {
        Shape::Good | Shape::NoChoices | Shape::NoUsage => limited(request, content(request)),
        Shape::Long { kibibytes } => {
            let kibibytes = usize::try_from(kibibytes).unwrap_or_default();
            Choice::stopped(long_content(request, kibibytes * BYTES_PER_KIBIBYTE))
        }
        Shape::Cut => half(request, "length"),
        Shape::Filtered => half(request, "content_filter"),
        Shape::Blank => Choice::stopped(""),
        Shape::Null => Choice {
            content: None,
            ..Choice::stopped("")
        },
        Shape::Refused => Choice {
            content: None,
            refusal: Some(REFUSAL),
            finish_reason: "stop",
        },
    }
}

/// The answer, cut where the request's own limit says so.
fn limited(request: &ChatRequest, content: String) -> Choice {
    let limit = request.max_tokens.map(usize::try_from);
    match limit {
        Some(Ok(most)) if tokens(&content) > most => Choice {
            finish_reason: "length",
            ..Choice::stopped(first_tokens(&content, most))
        },
        _ => Choice::stopped(content),
    }
}

/// The first half of the answer, for this reason.
fn half(request: &ChatRequest, finish_reason: &'static str) -> Choice {
    let content = content(request);
    Choice {
        finish_reason,
        ..Choice::stopped(first_tokens(&content, tokens(&content) / 2))
    }
}

fn content(request: &ChatRequest) -> String {
    in_format(request, text(&request.model, &request.messages))
}

/// An answer whose text has exactly this many bytes.
fn long_content(request: &ChatRequest, bytes: usize) -> String {
    let mut long = text(&request.model, &request.messages);
    long.truncate(long.floor_char_boundary(bytes));
    let missing = bytes - long.len();
    long.extend(" and so on,".chars().cycle().take(missing));
    in_format(request, long)
}

fn in_format(request: &ChatRequest, answer: String) -> String {
    if request.json {
        json!({"simulated": true, "model": request.model, "answer": answer}).to_string()
    } else {
        answer
    }
}

/// The text of an answer: it says that it is simulated, quotes the last user message and carries a
/// digest of the whole conversation.
fn text(model: &str, messages: &[Message]) -> String {
    let asked = messages.iter().rev().find(|message| message.role == "user");
    let asked = asked.map_or("", |message| message.text.as_str());
    let mut quoted: String = asked.chars().take(QUOTED_CHARACTERS).collect();
    if quoted.len() < asked.len() {
        quoted.push('…');
    }
    let said = messages
        .iter()
        .flat_map(|message| [message.role.as_str(), message.text.as_str()]);
    let digest = random::digest(std::iter::once(model).chain(said));
    format!("Simulated answer: {model} was asked \"{quoted}\" (conversation {digest:016x}).")
}

/// The tokens of a prompt.
pub(crate) fn prompt_tokens(messages: &[Message]) -> usize {
    messages.iter().map(|message| tokens(&message.text)).sum()
}

fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(TOKEN_CHARACTERS)
}

fn first_tokens(text: &str, count: usize) -> String {
    let characters = count.saturating_mul(TOKEN_CHARACTERS);
    text.chars().take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::{Message, QUOTED_CHARACTERS, text, tokens};

    fn message(role: &str, text: &str) -> Message {
        Message {
            role: role.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn text_is_a_function_of_model_and_messages() {
        let asked = [message("system", "be brief"), message("user", "why?")];
        let other = [message("system", "be long"), message("user", "why?")];
        assert_eq!(text("a", &asked), text("a", &asked));
        assert_ne!(text("a", &asked), text("b", &asked));
        assert_ne!(text("a", &asked), text("a", &other));
    }

    #[test]
    fn text_quotes_the_last_user_message_up_to_a_bound() {
        let asked = [
            message("user", "first"),
            message("user", &"ü".repeat(5_000)),
        ];
        let text = text("m", &asked);
        assert!(!text.contains("first"));
        assert_eq!(text.matches('ü').count(), QUOTED_CHARACTERS);
        assert!(text.contains("ü…\""));
    }

    #[test]
    fn four_characters_make_a_token() {
        let counts = ["", "a", "abcd", "abcde", "üüüü"].map(tokens);
        assert_eq!(counts, [0, 1, 1, 2, 1]);
    }
}
