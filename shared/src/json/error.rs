//! Why a body is not strict JSON.

use super::MAX_DEPTH;
use super::visitor::Refusal;
use std::fmt;

/// Where in a body something is wrong, as near as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The byte within the line, from 1.
    pub column: usize,
}

impl Position {
    /// The position of the byte that follows the first `offset` bytes.
    pub(super) fn after(bytes: &[u8], offset: usize) -> Self {
        let before = bytes.get(..offset).unwrap_or(bytes);
        let lines = before.split(|byte| *byte == b'\n');
        let (newlines, line) = lines.enumerate().last().unwrap_or_default();
        Self {
            line: newlines + 1,
            column: line.len() + 1,
        }
    }

    /// Where `serde_json` stood; it counts columns from 0 at the very beginning of a line.
    fn of(error: &serde_json::Error) -> Self {
        Self {
            line: error.line().max(1),
            column: error.column().max(1),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// Why a body is not strict JSON. The text is fit for the client: it repeats nothing of the body
/// but the keys of a pointer, each cut short.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// There is nothing, or nothing but white space.
    #[error("the body is empty")]
    Empty,
    /// The body begins with a byte-order mark, which RFC 8259 forbids.
    #[error("the body begins with a byte-order mark (line 1, column 1)")]
    ByteOrderMark,
    /// The bytes are not UTF-8.
    #[error("the body is not UTF-8 ({0})")]
    NotUtf8(Position),
    /// Not JSON: a trailing comma, a comment, a second value, `NaN`…
    #[error("the body is not valid JSON ({0})")]
    Syntax(Position),
    /// The body ends before its value does.
    #[error("the JSON ends before it is complete ({0})")]
    Incomplete(Position),
    /// An object has the same key twice, so that two readers could see two values.
    #[error("the key at `{pointer}` appears twice ({position})")]
    DuplicateKey {
        /// JSON pointer to the key.
        pointer: String,
        /// Where the second one ends.
        position: Position,
    },
    /// More than [`MAX_DEPTH`] objects and arrays, one inside another.
    #[error("the JSON is nested deeper than {MAX_DEPTH} levels ({0})")]
    TooDeep(Position),
    /// A key contains the NUL character, which D1's `length()` and many clients take for its end.
    #[error("a key of the object at `{pointer}` contains a NUL character ({position})")]
    NulInKey {
        /// JSON pointer to the object.
        pointer: String,
        /// Where the key ends.
        position: Position,
    },
    /// An escape names half of a UTF-16 surrogate pair, which is no character.
    #[error("a string escapes a lone surrogate ({0})")]
    LoneSurrogate(Position),
    /// A number is too large for a 64-bit float, for example `1e400`.
    #[error("a number is out of range ({0})")]
    NumberOutOfRange(Position),
}

impl JsonError {
    /// Joins what `serde_json` reports with what the visitor noted just before.
    pub(super) fn of(error: &serde_json::Error, refusal: Option<Refusal>) -> Self {
        let position = Position::of(error);
        match refusal {
            Some(Refusal::DuplicateKey(trail)) => Self::DuplicateKey {
                pointer: trail.into_pointer(),
                position,
            },
            Some(Refusal::NulInKey(trail)) => Self::NulInKey {
                pointer: trail.into_pointer(),
                position,
            },
            Some(Refusal::TooDeep) => Self::TooDeep(position),
            Some(Refusal::NotFinite) => Self::NumberOutOfRange(position),
            None => Self::of_syntax(error, position),
        }
    }

    /// `serde_json` keeps its error codes to itself, so two of them are known by their text. Were
    /// the text to change, the body would still be refused, as [`Self::Syntax`], and a test fail.
    fn of_syntax(error: &serde_json::Error, position: Position) -> Self {
        let text = error.to_string();
        if error.is_eof() {
            Self::Incomplete(position)
        } else if text.starts_with("number out of range") {
            Self::NumberOutOfRange(position)
        } else if text.starts_with("lone leading surrogate")
            || text.starts_with("unexpected end of hex escape")
        {
            Self::LoneSurrogate(position)
        } else {
            Self::Syntax(position)
        }
    }
}
