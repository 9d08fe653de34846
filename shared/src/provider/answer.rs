//! What a model answered.

use serde::{Deserialize, Serialize};

/// A provider's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The text; empty when the model said nothing.
    pub text: String,
    /// What the provider counted; `None` when it did not say.
    pub usage: Option<Usage>,
    /// Why the model stopped.
    pub finish_reason: FinishReason,
    /// The same in the provider's own word.
    pub raw_finish_reason: Option<String>,
    /// What the model declined or a filter stopped, as the provider calls it: a plain word.
    pub stop_category: Option<String>,
    /// The answer was cut off at the token limit.
    pub truncated: bool,
    /// What the client should know: `empty_output`.
    pub warnings: Vec<&'static str>,
    /// The model that answered, as the provider names it.
    pub model: Option<String>,
    /// The provider's own name for the call, to quote in a complaint.
    pub provider_request_id: Option<String>,
}

impl Answer {
    /// This beginning of an answer with what came of going on with it: the texts in a row, and the
    /// tokens of both calls where both were counted.
    #[must_use]
    pub fn followed_by(self, rest: Self) -> Self {
        let usage = self.usage.zip(rest.usage);
        Self {
            text: self.text + &rest.text,
            usage: usage.map(|(first, second)| first.plus(second)),
            ..rest
        }
    }
}

/// Tokens as the provider counted them; `None` where it did not say, never 0 instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Tokens of the prompt.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer.
    pub output_tokens: Option<u64>,
    /// Both together, as the provider adds them up. Anthropic does not, so ours is its sum.
    pub total_tokens: Option<u64>,
    /// Those of the prompt that the provider had in its cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Those of the answer that the model spent on reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// The tokens of two calls, where both were counted.
    fn plus(self, other: Self) -> Self {
        let sum = |one: Option<u64>, two: Option<u64>| one?.checked_add(two?);
        Self {
            input_tokens: sum(self.input_tokens, other.input_tokens),
            output_tokens: sum(self.output_tokens, other.output_tokens),
            total_tokens: sum(self.total_tokens, other.total_tokens),
            cached_tokens: sum(self.cached_tokens, other.cached_tokens),
            reasoning_tokens: sum(self.reasoning_tokens, other.reasoning_tokens),
        }
    }
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It was done.
    Stop,
    /// It reached the token limit.
    Length,
    /// It wants a tool called.
    ToolCalls,
    /// A filter stopped it.
    ContentFilter,
    /// It declined.
    Refusal,
    /// The provider gave no reason, or one we do not know.
    #[default]
    Other,
}

impl FinishReason {
    /// The reason as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Refusal => "refusal",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, tokens: Option<u64>) -> Answer {
        Answer {
            text: text.to_owned(),
            usage: Some(Usage {
                input_tokens: Some(10),
                output_tokens: tokens,
                ..Usage::default()
            }),
            ..Answer::default()
        }
    }

    #[test]
    fn a_turn_in_two_parts_is_one_answer_whose_tokens_are_those_of_both() {
        let rest = Answer {
            finish_reason: FinishReason::Stop,
            ..said("a time.", Some(4))
        };
        let whole = said("Once upon ", Some(3)).followed_by(rest);
        assert_eq!(whole.text, "Once upon a time.");
        assert_eq!(whole.finish_reason, FinishReason::Stop);
        let usage = whole.usage.unwrap();
        assert_eq!(usage.input_tokens, Some(20));
        assert_eq!(usage.output_tokens, Some(7));
        assert_eq!(usage.cached_tokens, None);
    }

    #[test]
    fn tokens_of_a_part_that_nobody_counted_make_the_sum_unknown() {
        let whole = said("a", None).followed_by(said("b", Some(4)));
        assert_eq!(whole.usage.unwrap().output_tokens, None);
        let uncounted = Answer {
            usage: None,
            ..said("b", None)
        };
        assert_eq!(said("a", Some(3)).followed_by(uncounted).usage, None);
    }
}
