//! What models cost. Money is counted in micro-dollars, as whole numbers.

use crate::provider::Usage;

/// What a model costs, in micro-dollars for a million tokens: 0.15 dollars are 150,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Of the prompt.
    pub input: u64,
    /// Of the prompt, what the provider had in its cache; `None`: as much as the rest.
    pub cached_input: Option<u64>,
    /// Of the answer, reasoning included.
    pub output: u64,
}

/// Where a price was read, so that it can be looked up again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceOrigin {
    /// The day it was read: `YYYY-MM-DD`.
    pub priced_at: String,
    /// The page that said it: an `https` URL.
    pub source: String,
}

/// An amount of money, in micro-dollars.
pub type Cost = u64;

impl Price {
    /// What a call costs that used so much, rounded to the nearest micro-dollar; `None` when the
    /// provider did not count both prompt and answer.
    #[must_use]
    pub fn of(self, usage: &Usage) -> Option<Cost> {
        let (input, output) = (usage.input_tokens?, usage.output_tokens?);
        let cached = usage.cached_tokens.unwrap_or(0).min(input);
        let parts = [
            (input - cached, self.input),
            (cached, self.cached_input.unwrap_or(self.input)),
            (output, self.output),
        ];
        let sum: u128 = parts
            .iter()
            .map(|(tokens, price)| u128::from(*tokens) * u128::from(*price))
            .sum();
        u64::try_from((sum + 500_000) / 1_000_000).ok()
    }
}
