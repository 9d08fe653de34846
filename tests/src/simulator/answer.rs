//! What a model says, before it is put into a wire format.

use serde_json::json;

use crate::simulator::asked::{Asked, Message, Wish};
use crate::simulator::random;
use crate::simulator::reply::Shape;
use crate::simulator::schema;

/// How much of the last user message an answer quotes, in characters.
const QUOTED_CHARACTERS: usize = 200;
/// How many characters make a token.
const TOKEN_CHARACTERS: usize = 4;
/// What a model says that refuses.
const REFUSAL: &str = "I'm sorry, but I can't help with that.";
/// What a model thinks.
const THOUGHT: &str = "Simulated reasoning: the question is plain, so the answer can be short.";
/// JSON of a kind that nobody asks for.
const WRONG_JSON: &str = r#"[null,{"":[[]]},-0.5]"#;
const BYTES_PER_KIBIBYTE: usize = 1024;

/// What a model says.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) text: Text,
    pub(crate) refusal: Option<&'static str>,
    pub(crate) reasoning: Option<&'static str>,
    /// The name of the tool that is called.
    pub(crate) tool: Option<String>,
    pub(crate) end: End,
    pub(crate) usage: Usage,
}

/// The text of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Words(String),
    Null,
    /// Not even `null`.
    Missing,
}

/// Why a model stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Stop,
    Length,
    Filter,
    Refusal,
    Tool,
    Pause,
    WindowFull,
    /// By a name that no document has.
    Named(&'static str),
    Null,
    Missing,
}

/// The tokens of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// The whole prompt.
    pub(crate) input: usize,
    /// What of it was read from a cache.
    pub(crate) cache_read: usize,
    /// What of it was written to a cache.
    pub(crate) cache_write: usize,
    /// The whole answer.
    pub(crate) output: usize,
    /// What of it was thought.
    pub(crate) reasoning: usize,
}

impl Said {
    fn words(text: impl Into<String>) -> Self {
        Self {
            text: Text::Words(text.into()),
            refusal: None,
            reasoning: None,
            tool: None,
            end: End::Stop,
            usage: Usage::default(),
        }
    }

    /// The text, empty where there is none.
    pub(crate) fn plain(&self) -> &str {
        match &self.text {
            Text::Words(text) => text,
            Text::Null | Text::Missing => "",
        }
    }

    fn counted(mut self, asked: &Asked, shape: Shape) -> Self {
        let input = prompt_tokens(&asked.messages);
        let cached = shape == Shape::Cached;
        let reasoning = self.reasoning.map(tokens).unwrap_or_default();
        let said = match self.refusal {
            Some(refusal) if self.text == Text::Null => tokens(refusal),
            _ => tokens(self.plain()),
        };
        self.usage = Usage {
            input,
            cache_read: if cached { input / 2 } else { 0 },
            cache_write: if cached { input / 4 } else { 0 },
            output: said + reasoning,
            reasoning,
        };
        self
    }
}

impl Asked {
    /// What the model says in this shape.
    pub(crate) fn answer(&self, shape: Shape) -> Said {
        self.uncounted(shape).counted(self, shape)
    }

    fn uncounted(&self, shape: Shape) -> Said {
        let good = || self.limited(self.content());
        let ends = |end| Said { end, ..good() };
        match shape {
            Shape::Good
            | Shape::NoChoices
            | Shape::NoMessage
            | Shape::NoUsage
            | Shape::NullUsage
            | Shape::TextUsage
            | Shape::Cached
            | Shape::InChoices
            | Shape::Program(_) => good(),
            Shape::Long { kibibytes } => Said::words(self.long_content(kibibytes)),
            Shape::Cut => self.half(End::Length),
            Shape::Filtered => self.half(End::Filter),
            Shape::WindowFull => self.half(End::WindowFull),
            Shape::Paused => self.half(End::Pause),
            Shape::Blank => Said::words(""),
            Shape::Null => without_text(Text::Null),
            Shape::Missing => without_text(Text::Missing),
            Shape::Refused => Said {
                refusal: Some(REFUSAL),
                end: End::Refusal,
                ..without_text(Text::Null)
            },
            Shape::Reasoning | Shape::ReasoningField => Said {
                reasoning: Some(THOUGHT),
                ..good()
            },
            Shape::Tool { with_text: true } => self.with_tool(good()),
            Shape::Tool { with_text: false } => self.with_tool(without_text(Text::Null)),
            Shape::Finish(name) => ends(End::Named(name)),
            Shape::NullFinish => ends(End::Null),
            Shape::MissingFinish => ends(End::Missing),
            Shape::Json | Shape::Object => Said::words(self.json()),
            Shape::JsonWrong => Said::words(WRONG_JSON),
            Shape::JsonBroken => {
                let json = self.json();
                Said::words(first_tokens(&json, tokens(&json) / 2))
            }
            Shape::JsonFenced => Said::words(format!("```json\n{}\n```", self.json())),
            Shape::Number => Said::words("42"),
        }
    }

    fn with_tool(&self, said: Said) -> Said {
        let tool = self.tool.as_deref().unwrap_or("simulated_tool");
        Said {
            tool: Some(tool.to_owned()),
            end: End::Tool,
            ..said
        }
    }

    /// The answer, cut where the request's own limit says so.
    fn limited(&self, content: String) -> Said {
        match self.max_tokens.map(usize::try_from) {
            Some(Ok(most)) if tokens(&content) > most => Said {
                end: End::Length,
                ..Said::words(first_tokens(&content, most))
            },
            _ => Said::words(content),
        }
    }

    /// The first half of the answer, for this reason.
    fn half(&self, end: End) -> Said {
        let content = self.content();
        Said {
            end,
            ..Said::words(first_tokens(&content, tokens(&content) / 2))
        }
    }

    fn content(&self) -> String {
        match self.wish {
            Wish::Text => text(&self.model, &self.messages),
            Wish::Object | Wish::Schema(_) => self.json(),
        }
    }

    /// The answer as JSON: what the schema wants, or an object of the simulator's own.
    fn json(&self) -> String {
        self.json_of(&text(&self.model, &self.messages))
    }

    fn json_of(&self, text: &str) -> String {
        match &self.wish {
            Wish::Schema(schema) => schema::instance(schema, text).to_string(),
            Wish::Text | Wish::Object => {
                json!({"simulated": true, "model": self.model, "answer": text}).to_string()
            }
        }
    }

    /// An answer whose text has exactly this many KiB.
    fn long_content(&self, kibibytes: u32) -> String {
        let bytes = usize::try_from(kibibytes).unwrap_or_default() * BYTES_PER_KIBIBYTE;
        let mut long = text(&self.model, &self.messages);
        long.truncate(long.floor_char_boundary(bytes));
        let missing = bytes - long.len();
        long.extend(" and so on,".chars().cycle().take(missing));
        match self.wish {
            Wish::Text => long,
            Wish::Object | Wish::Schema(_) => self.json_of(&long),
        }
    }
}

fn without_text(text: Text) -> Said {
    Said {
        text,
        ..Said::words("")
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
        Message::new(role, text)
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
