//! JSON that programs make, which is more than our reader of JSON takes.
//!
//! Python counts as far as there is memory: the factorial of 200 has 375 digits, and no double can
//! hold it. The reader refuses such a number, and with it all of the text around it. So it is put in
//! quotes before it is read.

use crate::json::MAX_DEPTH;
use serde_json::Value;
use std::borrow::Cow;
use std::iter;

/// The largest double has so many digits: a number with fewer is always held, if not exactly.
const MOST_DIGITS: usize = 308;

/// The same JSON, with every whole number of more than 308 digits as a string.
pub(crate) fn quoted(json: &str) -> Cow<'_, str> {
    let mut quoted = String::new();
    let mut copied = 0;
    let (mut in_string, mut escaped) = (false, false);
    let mut number: Option<usize> = None;
    for (at, byte) in json.bytes().chain(iter::once(b' ')).enumerate() {
        let is_number = byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        if !in_string && is_number {
            number.get_or_insert(at);
            continue;
        }
        if let Some(token) = number.take().and_then(|start| json.get(start..at))
            && is_too_large(token)
        {
            let before = json.get(copied..at - token.len()).unwrap_or_default();
            quoted.extend([before, "\"", token, "\""]);
            copied = at;
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ => {}
        }
    }
    if quoted.is_empty() {
        return Cow::Borrowed(json);
    }
    quoted.push_str(json.get(copied..).unwrap_or_default());
    Cow::Owned(quoted)
}

/// Whether a value nests deeper than a request may: what holds it could not be read back.
pub(crate) fn is_too_deep(value: &Value) -> bool {
    deeper_than(value, MAX_DEPTH)
}

fn deeper_than(value: &Value, levels: usize) -> bool {
    let Some(left) = levels.checked_sub(1) else {
        return value.is_array() || value.is_object();
    };
    match value {
        Value::Array(items) => items.iter().any(|item| deeper_than(item, left)),
        Value::Object(fields) => fields.values().any(|field| deeper_than(field, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether a token is a whole number of so many digits. One with a fraction or an exponent was a
/// double before.
fn is_too_large(token: &str) -> bool {
    let digits = token.strip_prefix('-').unwrap_or(token);
    digits.len() > MOST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn only_whole_numbers_of_very_many_digits_are_quoted() {
        let large = "9".repeat(309);
        let json = format!(r#"{{"a":[{large},-{large} , 1.5e3],"b":"\"{large}","c":{large}}}"#);
        assert!(serde_json::from_str::<Value>(&json).is_err());
        let read: Value = serde_json::from_str(&quoted(&json)).expect("JSON");
        assert_eq!(
            read,
            json!({"a": [large, format!("-{large}"), 1500.0], "b": format!("\"{large}"), "c": large})
        );
        let just = format!("[{},{}]", "9".repeat(308), "0.".to_owned() + &large);
        assert_eq!(quoted(&just), just);
        assert!(serde_json::from_str::<Value>(&just).is_ok());
    }

    #[test]
    fn a_value_may_nest_as_deep_as_a_request() {
        let nested = |levels: usize| {
            let inner = if levels.is_multiple_of(2) {
                json!([])
            } else {
                json!({})
            };
            (1..levels).fold(inner, |value, _| json!([1, value]))
        };
        for levels in [64, 63] {
            assert!(!is_too_deep(&nested(levels)), "{levels}");
        }
        for levels in [65, 66, 100] {
            assert!(is_too_deep(&nested(levels)), "{levels}");
        }
        assert!(!is_too_deep(&json!("[[")));
    }

    proptest! {
        #[test]
        fn what_can_be_read_is_left_alone(text in any::<String>(), number in any::<f64>(), whole in any::<i64>()) {
            let json = json!({"a": [text, number], "b": {text.as_str(): whole}}).to_string();
            prop_assert!(matches!(quoted(&json), Cow::Borrowed(_)));
        }

        #[test]
        fn any_text_is_taken(text in "[-+.eE0-9\"\\\\,a-zé]{0,40}", digits in "[0-9]{300,320}") {
            let text = format!("{text}{digits}{text},");
            let kept: String = text.replace('"', "");
            prop_assert_eq!(quoted(&text).replace('"', ""), kept);
        }
    }
}
