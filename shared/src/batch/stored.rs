//! How the lines of a batch of our own shape are stored: a line that was taken as it came, and one
//! that broke a rule behind a mark that no JSON begins with, with what is wrong with it.

use super::line::LineError;
use crate::file::LINE_BYTES;

const MARK: char = '!';

/// Stands between what is wrong with a line and what it holds: JSON has none in it.
const BETWEEN: char = '\t';

/// A line that broke a rule, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvalidLine {
    /// What is wrong with it.
    pub(crate) error: LineError,
    /// What it holds, as far as it is text.
    pub(crate) text: String,
}

/// A line that broke a rule. What it holds stands there as it came and not as JSON, which could be
/// six times as long and more than a chunk may have; what is no text is replaced, and may be longer
/// than it was, so it is cut.
pub(crate) fn invalid(error: &LineError, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}");
    let text = text.replace('\n', " ");
    let text = text.get(..text.floor_char_boundary(LINE_BYTES));
    // A struct of text and numbers always has a JSON form.
    let error = serde_json::to_string(error).unwrap_or_default();
    format!("{MARK}{error}{BETWEEN}{}", text.unwrap_or_default())
}

/// The line as it is stored, if it broke a rule.
pub(crate) fn read_invalid(text: &str) -> Option<InvalidLine> {
    let (error, text) = text.strip_prefix(MARK)?.split_once(BETWEEN)?;
    Some(InvalidLine {
        error: serde_json::from_str(error).ok()?,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::line::LineErrorCode;

    #[test]
    fn an_invalid_line_is_read_as_it_was_stored_and_never_much_longer_than_a_line() {
        let error = LineError {
            line: 7,
            custom_id: Some("tab\there".to_owned()),
            code: LineErrorCode::InvalidJson,
            detail: "a \"detail\"\n".to_owned(),
            errors: Vec::new(),
        };
        for text in ["", "{nonsense\t\"", "\u{1}\u{2028}ü", "!{}\t"] {
            let stored = invalid(&error, text.as_bytes());
            let read = read_invalid(&stored).expect("an invalid line");
            assert_eq!((read.error, read.text.as_str()), (error.clone(), text));
            assert!(!stored.contains('\n'));
        }
        for byte in [0, b'"', b'\\', 0xFF, b'\n'] {
            let stored = invalid(&error, &vec![byte; LINE_BYTES]);
            assert!(
                stored.len() < LINE_BYTES + 1_000,
                "{byte}: {}",
                stored.len()
            );
            assert!(read_invalid(&stored).is_some_and(|read| !read.text.is_empty()));
        }
        assert_eq!(read_invalid("{\"prompt\":\"p\"}"), None);
    }
}
