//! What an interpreter hands over at the end of a run.

use serde::Serialize;

/// The largest value handed over, in bytes of its JSON text.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;
/// How deep arrays and objects of a value may nest: readers of JSON refuse more than some hundred
/// levels.
pub const MAX_VALUE_DEPTH: usize = 64;

/// How a run ended, when no limit of the host ended it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    exit_code: u8,
    /// A JSON text inside a string: the host passes it on as it is, digits and all.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    value_truncated: bool,
    recursion: bool,
}

impl Outcome {
    /// The program ended with this code: 0 is fine, 1 an uncaught exception.
    #[must_use]
    pub fn exited(exit_code: u8) -> Self {
        Self {
            exit_code,
            ..Self::default()
        }
    }

    /// The program ended well with a value, given as JSON text. One that is too large or too deep
    /// is left out, and the outcome says so.
    #[must_use]
    pub fn with_value(json: &str) -> Self {
        let json = well_formed(json);
        let fits = json.len() <= MAX_VALUE_BYTES && depth(&json) <= MAX_VALUE_DEPTH;
        Self {
            value_truncated: !fits,
            value: fits.then_some(json),
            ..Self::default()
        }
    }

    /// The program ended well with a value that is too large to be handed over.
    #[must_use]
    pub fn without_value() -> Self {
        Self {
            value_truncated: true,
            ..Self::default()
        }
    }

    /// The program called itself too often, and did not catch the exception.
    #[must_use]
    pub fn recursion() -> Self {
        Self {
            recursion: true,
            ..Self::exited(1)
        }
    }
}

/// How deep a JSON text nests.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth = depth.saturating_add(1);
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Puts U+FFFD where a JSON text escapes one half of a surrogate pair: both languages can have such
/// strings, and most readers refuse them.
fn well_formed(json: &str) -> String {
    let mut rest = json;
    let mut out = String::with_capacity(json.len());
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let unit = escaped_unit(after);
        let pair = unit
            .filter(|unit| (0xD800..0xDC00).contains(unit))
            .and_then(|_| escaped_unit(after.get(5..)?.strip_prefix('\\')?))
            .is_some_and(|low| (0xDC00..0xE000).contains(&low));
        let length = match unit {
            // `uD83D\uDE00`
            Some(_) if pair => 11,
            Some(0xD800..0xE000) => {
                out.push_str("\\ufffd");
                rest = after.get(5..).unwrap_or_default();
                continue;
            }
            Some(_) => 5,
            None => after.chars().next().map_or(0, char::len_utf8),
        };
        out.push('\\');
        let (escape, remains) = after.split_at_checked(length).unwrap_or((after, ""));
        out.push_str(escape);
        rest = remains;
    }
    out.push_str(rest);
    out
}

/// The code unit in `uXXXX`.
fn escaped_unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix('u')?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_a_string_of_json() {
        let outcome = serde_json::to_value(Outcome::with_value("[1.0]")).unwrap();
        assert_eq!(outcome["value"], "[1.0]");
        assert_eq!(outcome["exitCode"], 0);
        assert_eq!(outcome["valueTruncated"], false);
    }

    #[test]
    fn value_too_large_or_too_deep_is_left_out_and_marked() {
        let large = format!("\"{}\"", "x".repeat(MAX_VALUE_BYTES));
        let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
        for json in [large, deep] {
            let outcome = Outcome::with_value(&json);
            assert!(outcome.value.is_none() && outcome.value_truncated);
        }
        let just = format!("{}{}", "[".repeat(64), "]".repeat(64));
        assert_eq!(Outcome::with_value(&just).value, Some(just));
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        assert_eq!(depth(r#"["[[\"[[",{"a":[]}]"#), 3);
    }

    #[test]
    fn half_a_surrogate_pair_becomes_the_replacement_character() {
        for (json, expected) in [
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude00\ud83d\n""#, r#""\ufffd\ufffd\n""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""ä\u00e9\"""#, r#""ä\u00e9\"""#),
        ] {
            assert_eq!(well_formed(json), expected);
            serde_json::from_str::<String>(expected).unwrap();
        }
    }
}
