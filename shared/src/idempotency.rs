//! Idempotency keys: a client's own name for a request, so that sending it twice does it once.
//!
//! The key is stored in the very transaction that does what was asked. So there is no moment in
//! which a key is known and its outcome is not: a repeat always gets the first answer again.

use crate::clock::Instant;
use crate::hex::hex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;

/// How many characters a key may have.
pub const KEY_LENGTH: RangeInclusive<usize> = 1..=255;

/// How long a key is kept, in seconds: a day. After that it names a new request.
pub const KEPT_SECONDS: i64 = 86_400;

/// A client's own name for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Why the value of `Idempotency-Key` is no key. The text names the rule, and repeats nothing of
/// the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdempotencyKey {
    /// Nothing, or a pair of quotes with nothing between.
    #[error("`Idempotency-Key` is empty: it must have 1 to {} characters", KEY_LENGTH.end())]
    Empty,
    /// Longer than a key may be.
    #[error("`Idempotency-Key` must have at most {} characters", KEY_LENGTH.end())]
    TooLong,
    /// A control character, or a byte beyond ASCII.
    #[error("`Idempotency-Key` must hold only visible characters of ASCII")]
    NotVisible,
    /// Quotes that do not close, an unknown escape, several values, or white space between words.
    #[error(
        "`Idempotency-Key` must be one string in double quotes, in which a backslash stands only \
         before a double quote or a backslash, or one word without quotes, commas, semicolons, \
         backslashes and spaces"
    )]
    NotOneString,
}

impl IdempotencyKey {
    /// Reads the value of the header: a string of structured fields (RFC 8941), such as
    /// `"8e03978e-40d5"`, or the bare word, which many clients send. Both name the same key.
    ///
    /// # Errors
    /// [`InvalidIdempotencyKey`]: answer 400.
    pub fn parse(value: &[u8]) -> Result<Self, InvalidIdempotencyKey> {
        let value = value.trim_ascii();
        if value.is_empty() {
            return Err(InvalidIdempotencyKey::Empty);
        }
        if !value.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Err(InvalidIdempotencyKey::NotVisible);
        }
        let key = match value.strip_prefix(b"\"") {
            Some(rest) => unquote(rest)?,
            None => bare(value)?,
        };
        if key.is_empty() {
            Err(InvalidIdempotencyKey::Empty)
        } else if key.len() > *KEY_LENGTH.end() {
            Err(InvalidIdempotencyKey::TooLong)
        } else {
            Ok(Self(key))
        }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What stands between quotes, of which the opening one is read already.
fn unquote(value: &[u8]) -> Result<String, InvalidIdempotencyKey> {
    let mut key = String::new();
    let mut rest = value.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' if rest.as_slice().is_empty() => return Ok(key),
            b'"' => return Err(InvalidIdempotencyKey::NotOneString),
            b'\\' => match rest.next() {
                Some(escaped @ (b'"' | b'\\')) => key.push(char::from(*escaped)),
                Some(_) | None => return Err(InvalidIdempotencyKey::NotOneString),
            },
            plain => key.push(char::from(*plain)),
        }
    }
    Err(InvalidIdempotencyKey::NotOneString)
}

fn bare(value: &[u8]) -> Result<String, InvalidIdempotencyKey> {
    if value.iter().any(|byte| b" \",;\\".contains(byte)) {
        return Err(InvalidIdempotencyKey::NotOneString);
    }
    Ok(value.iter().copied().map(char::from).collect())
}

/// A request's key, with what tells whether another request with the key is the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key.
    pub key: IdempotencyKey,
    /// SHA-256, hex, of what the request asks for.
    pub request_hash: String,
}

impl Idempotency {
    /// The key of a request with this body, on a route that acts on nothing else.
    #[must_use]
    pub fn of_body(key: IdempotencyKey, body: &Value) -> Self {
        Self::hash(key, Sha256::new(), body)
    }

    /// The key of a request with this body, on a route whose path names `subject`.
    #[must_use]
    pub fn of_body_for(key: IdempotencyKey, subject: &str, body: &Value) -> Self {
        let named = Sha256::new().chain_update(subject).chain_update([0]);
        Self::hash(key, named, body)
    }

    /// The body counts as JSON, not as bytes: white space and the order of keys make no difference,
    /// because a parsed object is sorted.
    fn hash(key: IdempotencyKey, named: Sha256, body: &Value) -> Self {
        let digest: [u8; 32] = named.chain_update(body.to_string()).finalize().into();
        Self {
            key,
            request_hash: hex(&digest),
        }
    }
}

/// The latest instant at which a key was stored that is given up at `now`.
pub(crate) fn given_up(now: Instant) -> Instant {
    now.plus_seconds(-KEPT_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use InvalidIdempotencyKey::{Empty, NotOneString, NotVisible, TooLong};
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(value: &str) -> Result<String, InvalidIdempotencyKey> {
        IdempotencyKey::parse(value.as_bytes()).map(|key| key.as_str().to_owned())
    }

    #[test]
    fn a_string_and_its_bare_word_are_one_key() {
        for (value, key) in [
            (r#""8e03978e-40d5""#, "8e03978e-40d5"),
            ("8e03978e-40d5", "8e03978e-40d5"),
            (r#"  "padded" "#, "padded"),
            (r#""a \"b\" \\ c""#, r#"a "b" \ c"#),
            (r#"" ""#, " "),
            (
                "!#$%&'()*+-./:<=>?@[]^_`{|}~",
                "!#$%&'()*+-./:<=>?@[]^_`{|}~",
            ),
        ] {
            assert_eq!(parse(value), Ok(key.to_owned()), "{value}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_rule() {
        for (value, error) in [
            ("", Empty),
            ("   ", Empty),
            (r#""""#, Empty),
            ("\"a\tb\"", NotVisible),
            ("a\u{0}b", NotVisible),
            ("\u{7f}", NotVisible),
            ("caf\u{e9}", NotVisible),
            ("\"🍰\"", NotVisible),
            (r#"""#, NotOneString),
            (r#""open"#, NotOneString),
            (r#""open\""#, NotOneString),
            (r#""a\b""#, NotOneString),
            (r#""a" "b""#, NotOneString),
            (r#""a", "b""#, NotOneString),
            (r#""a";p=1"#, NotOneString),
            (r#"a"b"#, NotOneString),
            ("a b", NotOneString),
            ("a,b", NotOneString),
            ("a;b", NotOneString),
            (r"a\b", NotOneString),
        ] {
            assert_eq!(parse(value), Err(error), "{value:?}");
        }
        assert_eq!(IdempotencyKey::parse(b"\xff\xfe"), Err(NotVisible));
    }

    #[test]
    fn the_length_counts_what_the_key_stands_for() {
        let longest = "k".repeat(255);
        assert_eq!(parse(&longest), Ok(longest.clone()));
        assert_eq!(parse(&format!("\"{longest}\"")), Ok(longest.clone()));
        assert!(parse(&format!("\"{}\"", r#"\""#.repeat(255))).is_ok());
        assert_eq!(parse(&format!("{longest}k")), Err(TooLong));
        assert_eq!(parse(&format!("\"{longest}k\"")), Err(TooLong));
    }

    #[test]
    fn bodies_are_compared_as_json() {
        let hash = |text: &str| {
            let body = crate::json::parse(text.as_bytes()).expect("it is JSON");
            let key = IdempotencyKey::parse(b"k").expect("a key");
            Idempotency::of_body(key, &body).request_hash
        };
        let body = hash(r#"{"prompt":"a","metadata":{"x":"1","y":"2"}}"#);
        assert_eq!(body.len(), 64);
        assert_eq!(
            hash(" { \"metadata\": {\"y\":\"2\", \"x\":\"1\"},\n \"prompt\" : \"\\u0061\" } "),
            body
        );
        assert_ne!(hash(r#"{"prompt":"a","metadata":{"x":"2","y":"1"}}"#), body);
        assert_ne!(hash(r#"{"prompt":"a"}"#), hash(r#"{"prompt":"A"}"#));
        assert_ne!(hash(r#"["a","b"]"#), hash(r#"["b","a"]"#));
    }

    #[test]
    fn the_same_body_for_another_subject_is_another_request() {
        let hash = |subject: &str, body: Value| {
            let key = IdempotencyKey::parse(b"k").expect("a key");
            Idempotency::of_body_for(key, subject, &body).request_hash
        };
        assert_eq!(hash("a", json!({})), hash("a", json!({})));
        assert_ne!(hash("a", json!({})), hash("b", json!({})));
        assert_ne!(hash("a", json!({})), hash("a", json!({"model": "m"})));
    }

    proptest! {
        #[test]
        fn a_quoted_key_is_read_back(key in "[ -~]{1,255}") {
            let quoted = format!("\"{}\"", key.replace('\\', r"\\").replace('"', "\\\""));
            prop_assert_eq!(parse(&quoted), Ok(key));
        }

        #[test]
        fn any_bytes_are_judged_without_a_panic(value: Vec<u8>) {
            if let Ok(key) = IdempotencyKey::parse(&value) {
                prop_assert!(KEY_LENGTH.contains(&key.as_str().len()));
            }
        }
    }
}
