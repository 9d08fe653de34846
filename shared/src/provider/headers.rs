//! HTTP header fields, sent and received.

use std::fmt;

/// A header value that may be sent: visible ASCII and spaces. Its `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderText(String);

/// The text cannot be the value of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must consist of visible ASCII characters")]
pub struct InvalidHeaderText;

impl HeaderText {
    /// Takes a header value.
    ///
    /// # Errors
    /// The text holds a control character, such as a line end, or something outside ASCII.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidHeaderText> {
        let text = text.into();
        if text
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic())
        {
            Ok(Self(text))
        } else {
            Err(InvalidHeaderText)
        }
    }

    /// A value of ours, known to be sendable.
    pub(super) fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The value itself, to be sent and nothing else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// The header fields of a reply, found by name in any case.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ReplyHeaders(Vec<(String, String)>);

impl ReplyHeaders {
    /// The first field of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl IntoIterator for ReplyHeaders {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for ReplyHeaders {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self(
            fields
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// Shows the names only: a value may be a cookie.
impl fmt::Debug for ReplyHeaders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_value_with_a_line_end_is_refused() {
        assert_eq!(HeaderText::new("Bearer a\r\nx: y"), Err(InvalidHeaderText));
        assert_eq!(HeaderText::new("Bearer schlüssel"), Err(InvalidHeaderText));
        assert!(HeaderText::new("Bearer abc").is_ok());
    }

    #[test]
    fn debug_shows_no_header_value() {
        let sent = HeaderText::new("Bearer hidden").unwrap();
        let received = ReplyHeaders::from_iter([("set-cookie", "hidden")]);
        assert!(!format!("{sent:?} {received:?}").contains("hidden"));
    }

    #[test]
    fn reply_headers_are_found_in_any_case() {
        let headers = ReplyHeaders::from_iter([("Retry-After", "3"), ("retry-after", "4")]);
        assert_eq!(headers.get("RETRY-AFTER"), Some("3"));
        assert_eq!(headers.get("retry"), None);
    }
}
