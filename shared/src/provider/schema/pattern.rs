//! Patterns, which take time in proportion to the text, whatever they are.

use regex_lite::{Regex, RegexBuilder};

/// The largest program that a pattern may become, in bytes.
const MAX_PROGRAM_BYTES: usize = 64 * 1024;

/// The smallest program that is told from smaller ones.
const LEAST_PROGRAM_BYTES: usize = 1024;

/// A pattern that can be searched for.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// What a byte of the text costs, in steps: the engine may go through all of the program for
    /// each of them.
    cost: u32,
}

impl Pattern {
    /// Reads a pattern; `None` when it is none, or has what could take longer, as look-around and
    /// references back have, or becomes too large.
    pub(super) fn new(text: &str) -> Option<Self> {
        let (mut limit, mut cost) = (LEAST_PROGRAM_BYTES, 1);
        while limit <= MAX_PROGRAM_BYTES {
            let built = RegexBuilder::new(text)
                .size_limit(limit)
                .nest_limit(50)
                .build();
            if let Ok(regex) = built {
                return Some(Self { regex, cost });
            }
            (limit, cost) = (limit * 2, cost * 2);
        }
        None
    }

    /// Whether the pattern is found in `text`; `None` when that could take more than `steps`, which
    /// are counted down.
    pub(super) fn is_found(&self, text: &str, steps: &mut u32) -> Option<bool> {
        let length = u32::try_from(text.len()).ok()?;
        let cost = length.checked_add(1)?.checked_mul(self.cost)?;
        *steps = steps.checked_sub(cost)?;
        Some(self.regex.is_match(text))
    }
}
