//! Reading values as providers really write them: numbers as strings, codes as integers.

use super::Usage;
use serde_json::Value;

/// The largest integer that a double, and so D1 and every JSON client, holds exactly.
const LARGEST_COUNT: u64 = 9_007_199_254_740_991;

/// No name is kept beyond this many bytes.
const LONGEST_NAME: usize = 200;

/// The most values a body may hold. In Wasm a parsed value takes up to 400 bytes, an isolate has
/// 128 MB, and a delivery reads five bodies at a time; a real answer holds some dozens.
const MOST_VALUES: usize = 20_000;

/// The JSON value of a body; `None` when it is not JSON, or holds more values than an answer would.
///
/// White space around it is no mistake: some providers send blank lines while the model thinks.
pub(super) fn json(body: &[u8]) -> Option<Value> {
    json_of(body, MOST_VALUES)
}

/// The same for a body that may hold so many values.
pub(super) fn json_of(body: &[u8], values: usize) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?;
    if !holds_at_most(body, values) {
        return None;
    }
    serde_json::from_str(text.trim_start_matches('\u{feff}').trim()).ok()
}

/// Whether a body holds no more than so many values.
pub(super) fn holds_at_most(body: &[u8], values: usize) -> bool {
    values_at_most(body) <= values
}

/// How many values a body holds at most: what opens one or parts two, outside of strings.
fn values_at_most(body: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' | b',' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// A code or type: a string or a number, as text; `None` for anything else and for empty text.
pub(super) fn name(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then(|| cut(&text, LONGEST_NAME).to_owned())
}

/// A non-empty string.
pub(super) fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str().filter(|text| !text.is_empty())
}

/// A count: an integer from 0, or a string that spells one.
pub(super) fn count(value: Option<&Value>) -> Option<u64> {
    let count = match value? {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    count.filter(|count| *count <= LARGEST_COUNT)
}

/// The integer that a float such as `12.0` spells.
fn whole(number: f64) -> Option<u64> {
    let spelled = format!("{number:.0}");
    (number.fract() == 0.0).then(|| spelled.parse().ok())?
}

/// What a provider counted; `None` when it counted nothing.
pub(super) fn usage(said: Usage) -> Option<Usage> {
    (said != Usage::default()).then_some(said)
}

/// The longest beginning of `text` that has at most `limit` bytes and breaks no character.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_are_read_from_numbers_and_strings_and_from_nothing_else() {
        for (written, read) in [
            (json!(12), Some(12)),
            (json!("12"), Some(12)),
            (json!(12.0), Some(12)),
            (json!(0), Some(0)),
            (json!(12.5), None),
            (json!(-1), None),
            (json!("many"), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
            (json!(null), None),
            (json!(true), None),
        ] {
            assert_eq!(count(Some(&written)), read, "{written}");
        }
        assert_eq!(count(None), None);
    }

    #[test]
    fn names_are_read_from_strings_and_numbers() {
        assert_eq!(name(Some(&json!(400))).as_deref(), Some("400"));
        assert_eq!(
            name(Some(&json!(" slow_down "))).as_deref(),
            Some("slow_down")
        );
        assert_eq!(name(Some(&json!(""))), None);
        assert_eq!(name(Some(&json!(["slow_down"]))), None);
        assert_eq!(
            name(Some(&json!("é".repeat(500)))).unwrap().len(),
            LONGEST_NAME
        );
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("aé", 99), "aé");
    }

    #[test]
    fn blank_lines_and_a_byte_order_mark_around_the_json_are_no_mistake() {
        assert_eq!(json(b"\n\n  \r\n{}\n\n"), Some(json!({})));
        assert_eq!(json("\u{feff}{}".as_bytes()), Some(json!({})));
        assert_eq!(json(b"{\"a\":\"\xff\"}"), None);
        assert_eq!(json(b""), None);
    }

    #[test]
    fn a_body_of_very_many_values_is_not_read_and_one_long_text_is() {
        let many = format!("[{}0]", "{\"\":0},".repeat(30_000));
        assert_eq!(json(many.as_bytes()), None);
        let long = format!("{{\"text\":\"{}\"}}", "a, \\\"b\\\", [c], ".repeat(100_000));
        assert!(json(long.as_bytes()).is_some());
    }
}
