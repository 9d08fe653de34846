//! Cutting and redacting what a provider wrote, before an operator sees it.
//!
//! Error replies quote what they were sent: a piece of the key, a header, a prompt with an e-mail
//! address. What looks like a secret is replaced, rather too much than too little.

use super::lenient::cut;

/// The most bytes of a provider's words that are kept.
pub const MAX_EXCERPT_BYTES: usize = 2048;

pub(super) const REDACTED: &str = "[redacted]";

/// How the keys of well-known services begin, ours among them.
const KEY_PREFIXES: [&str; 10] = [
    "sk-", "sk_", "pk-", "rd_live_", "rd_test_", "gsk_", "xai-", "hf_", "eyJ", "AIza",
];

/// Names whose value is a secret, in small letters without `-` and `_`.
const SECRET_NAMES: [&str; 12] = [
    "apikey",
    "xapikey",
    "authorization",
    "proxyauthorization",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "token",
    "secret",
    "clientsecret",
    "password",
    "cookie",
];

/// A run of letters and digits of this length is no word of any language.
const OPAQUE_LENGTH: usize = 40;

/// The beginning of a reply's body, redacted, at most [`MAX_EXCERPT_BYTES`] long; `None` when the
/// body is blank.
#[must_use]
pub fn excerpt(body: &[u8]) -> Option<String> {
    // Redacting shortens little, and one name and value may need to be seen whole.
    let start = body.get(..MAX_EXCERPT_BYTES * 8).unwrap_or(body);
    let text = redact(String::from_utf8_lossy(start).trim());
    (!text.is_empty()).then(|| cut(&text, MAX_EXCERPT_BYTES).to_owned())
}

/// `text` with everything replaced that looks like a key, a bearer token, a JSON Web Token, the
/// value of a field with a telling name, or an e-mail address. Control characters become spaces.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !is_word(first) {
            out.push(if first.is_control() { ' ' } else { first });
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let (word, after) = split_word(rest);
        rest = after;
        push_word(&mut out, word);
        if let Some(between) = value_after(word, after) {
            let (separator, value) = after.split_at_checked(between).unwrap_or((after, ""));
            out.push_str(separator);
            let length = value_length(word, separator, value);
            if length > 0 {
                out.push_str(REDACTED);
            }
            rest = value.get(length..).unwrap_or_default();
        }
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '+' | '/' | '~' | '%' | '*')
}

fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn push_word(out: &mut String, word: &str) {
    if is_address(word) {
        out.push_str(REDACTED);
        return;
    }
    match secret_start(word) {
        Some(start) => {
            out.push_str(word.get(..start).unwrap_or_default());
            out.push_str(REDACTED);
        }
        None => out.push_str(word),
    }
}

/// An e-mail address, or anything else with an `@` in it.
fn is_address(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && host.contains(char::is_alphanumeric))
}

/// Where in a word a key begins: at a known prefix, or at a long run of letters and digits.
fn secret_start(word: &str) -> Option<usize> {
    let at_prefix = KEY_PREFIXES
        .iter()
        .flat_map(|prefix| word.match_indices(prefix))
        .filter(|(start, prefix)| {
            let before = word.get(..*start).unwrap_or_default();
            let after = word.get(start + prefix.len()..).unwrap_or_default();
            !before.ends_with(char::is_alphanumeric) && after.chars().nth(3).is_some()
        })
        .map(|(start, _)| start)
        .min();
    at_prefix.or_else(|| opaque_start(word))
}

fn opaque_start(word: &str) -> Option<usize> {
    let mut start = 0;
    for run in word.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mixed = run.contains(|c: char| c.is_ascii_digit())
            && run.contains(|c: char| c.is_ascii_alphabetic());
        if run.len() >= OPAQUE_LENGTH && mixed {
            return Some(start);
        }
        start = word.len().min(start + run.len());
        let separator = word.get(start..).and_then(|rest| rest.chars().next());
        start += separator.map_or(0, char::len_utf8);
    }
    None
}

/// How many bytes lie between `word` and its value, when the value has to be redacted.
fn value_after(word: &str, after: &str) -> Option<usize> {
    let is_gap = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | ':' | '=');
    let gap = after.find(|c| !is_gap(c)).unwrap_or(after.len());
    let separator = after.get(..gap)?;
    let scheme = ["bearer", "basic"]
        .iter()
        .any(|name| word.eq_ignore_ascii_case(name));
    let named = is_secret_name(word) && separator.contains([':', '=']);
    // The gap ends at the quote that opens the value, or an empty string would swallow the next name.
    let opening = match separator.find([':', '=']) {
        Some(colon) => separator
            .get(colon + 1..)
            .and_then(|tail| tail.find(['"', '\'']))
            .map_or(gap, |quote| colon + 1 + quote + 1),
        None => gap,
    };
    (named || (scheme && gap > 0)).then_some(if named { opening } else { gap })
}

fn is_secret_name(word: &str) -> bool {
    // The last part of a path such as `headers.authorization`.
    let last = word
        .rsplit(['.', '/', '~', '+', '%'])
        .next()
        .unwrap_or(word);
    let name: String = last
        .chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SECRET_NAMES.contains(&name.as_str())
}

/// How many bytes of `value` are the secret.
fn value_length(name: &str, separator: &str, value: &str) -> usize {
    let end = if separator.ends_with("\\\"") {
        value.find("\\\"")
    } else if separator.ends_with('"') {
        closing_quote(value)
    } else if separator.ends_with('\'') {
        value.find('\'')
    } else if is_secret_name(name) && name.to_ascii_lowercase().ends_with("authorization") {
        // `Authorization: Bearer abc`: the scheme is no end.
        value.find(['\n', '\r', '"', '\'', ',', '}'])
    } else {
        value.find(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '"' | '\'' | '\\' | ',' | ';' | '&' | '<' | '{' | '}' | '[' | ']' | ')'
                )
        })
    };
    end.unwrap_or(value.len())
}

fn closing_quote(value: &str) -> Option<usize> {
    let mut escaped = false;
    value
        .char_indices()
        .find(|(_, c)| {
            let closes = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        })
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, proptest};

    #[test]
    fn what_looks_like_a_secret_is_replaced() {
        for (written, shown) in [
            (
                "Incorrect API key provided: sk-proj-abc***xyz.",
                "Incorrect API key provided: [redacted]",
            ),
            ("key=sk-abcdef, next", "key=[redacted], next"),
            ("https://host/v1/sk-abcdef/x", "https://host/v1/[redacted]"),
            ("rd_live_0123456789abcdef", "[redacted]"),
            (
                "Authorization: Bearer abc.def\nHost: x",
                "Authorization: [redacted] Host: x",
            ),
            (
                "sent Bearer abc/def+ghi== to it",
                "sent Bearer [redacted] to it",
            ),
            ("eyJhbGciOi.eyJzdWIiOi.c2ln", "[redacted]"),
            ("mail jane.doe+x@mail.example now", "mail [redacted] now"),
            (
                r#"{"api_key": "abc\"def", "model": "m"}"#,
                r#"{"api_key": "[redacted]", "model": "m"}"#,
            ),
            (
                r#"{"x-api-key":"","model":"m"}"#,
                r#"{"x-api-key":"","model":"m"}"#,
            ),
            (
                r#"{"raw":"{\"apiKey\":\"abc def\",\"a\":1}"}"#,
                r#"{"raw":"{\"apiKey\":\"[redacted]\",\"a\":1}"}"#,
            ),
            (r"{'password': 'a b'}", "{'password': '[redacted]'}"),
            (
                "client_secret=abc&scope=x",
                "client_secret=[redacted]&scope=x",
            ),
            (r#"{"token": null}"#, r#"{"token": [redacted]}"#),
            ("a0b1c2d3e4a0b1c2d3e4a0b1c2d3e4a0b1c2d3e4", "[redacted]"),
        ] {
            assert_eq!(redact(written), shown);
        }
    }

    #[test]
    fn what_an_operator_needs_is_kept() {
        for text in [
            r#"{"error":{"message":"The model `gpt-x` does not exist","code":"model_not_found"}}"#,
            "Limit 30000, Requested 40000. The token limit is 5: see https://x.example/v1/limits",
            "req_0192f0c1000070008000000000000000 0192f0c1-0000-7000-8000-000000000000",
            "risk-free task-based disk_space",
            "ein schöner Tag 日本語",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(redact("a\u{1b}[31mb\0c"), "a [31mb c");
    }

    #[test]
    fn an_excerpt_is_cut_between_characters_and_blank_bodies_have_none() {
        let long = excerpt("日本語 ".repeat(2_000).as_bytes()).unwrap();
        assert!(long.len() <= MAX_EXCERPT_BYTES && long.len() > MAX_EXCERPT_BYTES - 4);
        assert!(!long.contains('\u{fffd}'));
        assert_eq!(excerpt(b" \r\n"), None);
        assert_eq!(excerpt(b""), None);
    }

    #[test]
    fn a_secret_across_the_cut_is_not_half_shown() {
        let body = format!(
            "{} sk-{}",
            "x ".repeat(MAX_EXCERPT_BYTES / 2 - 8),
            "secret".repeat(200)
        );
        assert!(!excerpt(body.as_bytes()).unwrap().contains("sk-"));
    }

    proptest! {
        #[test]
        fn no_bytes_break_an_excerpt(body in any::<Vec<u8>>()) {
            prop_assert!(excerpt(&body).is_none_or(|text| text.len() <= MAX_EXCERPT_BYTES));
        }

        #[test]
        fn a_key_in_the_middle_of_anything_is_gone(before in any::<String>(), after in any::<String>()) {
            let text = redact(&format!("{before} sk-canary0123456789 {after}"));
            prop_assert!(!text.contains("canary"), "{text}");
        }
    }
}
