//! Request headers that change how an answer is given: `Prefer` and `If-None-Match`.

use http::HeaderMap;
use http::header::IF_NONE_MATCH;
use redrive_shared::hex::hex;
use redrive_shared::status::LONGEST_WAIT;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The seconds of `Prefer: wait=N` (RFC 7240), at most 25. `None` when the preference is absent or
/// cannot be read: a preference is no demand.
pub(crate) fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|preference| {
            let (name, value) = preference.split(';').next()?.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("wait")
                .then(|| value.trim().trim_matches('"'))
        })
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?
        .parse()
        .ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// A strong entity tag: equal for equal bytes only.
pub(crate) fn entity_tag(body: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    let digits = digest.first_chunk::<16>().map(|half| hex(half.as_slice()));
    format!("\"{}\"", digits.unwrap_or_default())
}

/// Whether `If-None-Match` names this tag, so that the client has the body already.
pub(crate) fn is_known_to_client(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferring(value: &str) -> Option<u64> {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("prefer"),
            value.parse().expect("valid"),
        )]);
        preferred_wait(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_read_among_other_preferences_and_clamped() {
        assert_eq!(preferring("wait=10"), Some(10));
        assert_eq!(preferring("respond-async, Wait=\"3\"; x=1"), Some(3));
        assert_eq!(preferring("wait=26"), Some(25));
        assert_eq!(preferring("wait=18446744073709551615"), Some(25));
    }

    #[test]
    fn a_wait_that_cannot_be_read_is_no_preference() {
        for value in [
            "",
            "wait",
            "wait=",
            "wait=0",
            "wait=-1",
            "wait=1.5",
            "wait=+5",
            "wait=99999999999999999999",
            "await=5",
        ] {
            assert_eq!(preferring(value), None, "{value}");
        }
    }

    #[test]
    fn a_tag_is_compared_weakly() {
        let tag = entity_tag("{}");
        assert_eq!(tag.len(), 34);
        for (value, known) in [
            (tag.clone(), true),
            (format!("W/{tag}"), true),
            (format!("\"x\", {tag}"), true),
            ("*".to_owned(), true),
            ("\"x\"".to_owned(), false),
            (tag.trim_matches('"').to_owned(), false),
        ] {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, value.parse().expect("valid"))]);
            assert_eq!(is_known_to_client(&headers, &tag), known, "{value}");
        }
    }
}
