//! How the lines of a batch of our own shape are stored: a line that was taken as it came, and one
//! that broke a rule behind a mark that no JSON begins with, with what is wrong with it.

use super::line::LineError;
use serde::{Deserialize, Serialize};

const MARK: char = '!';

/// A line that broke a rule, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InvalidLine {
    /// What is wrong with it.
    pub(crate) error: LineError,
    /// What it holds, as far as it is text.
    pub(crate) text: String,
}

/// A line that broke a rule.
pub(crate) fn invalid(error: &LineError, bytes: &[u8]) -> String {
    let line = InvalidLine {
        error: error.clone(),
        text: String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}"),
    };
    // A struct of text and numbers always has a JSON form.
    format!("{MARK}{}", serde_json::to_string(&line).unwrap_or_default())
}

/// The line as it is stored, if it broke a rule.
pub(crate) fn read_invalid(text: &str) -> Option<InvalidLine> {
    serde_json::from_str(text.strip_prefix(MARK)?).ok()
}
