//! How long a provider asks to wait, from its header fields.
//!
//! Nothing here is trusted: what is not a positive, finite time counts as absent, and the rest is
//! moved into the bounds of [`retry`](crate::retry).

use super::headers::ReplyHeaders;
use crate::clock::Instant;
use crate::retry::within_bounds;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// What `retry-after-ms` asks for, or else `retry-after`, which is in seconds or an HTTP date.
pub(super) fn retry_after(headers: &ReplyHeaders, now: Instant) -> Option<Duration> {
    let millis = headers
        .get("retry-after-ms")
        .and_then(|text| positive(text, 0.001));
    let after = || {
        let text = headers.get("retry-after")?;
        positive(text, 1.0).or_else(|| until_date(text, now))
    };
    millis.or_else(after).map(within_bounds)
}

/// The longest reset among the budgets of requests and tokens that are used up.
///
/// A budget that is not used up says when it will be full again, which is no reason to wait.
pub(super) fn reset(headers: &ReplyHeaders) -> Option<Duration> {
    ["requests", "tokens"]
        .into_iter()
        .filter(|budget| {
            let remaining = headers.get(&format!("x-ratelimit-remaining-{budget}"));
            remaining.is_some_and(|text| text.trim().parse() == Ok(0_u64))
        })
        .filter_map(|budget| {
            let text = headers.get(&format!("x-ratelimit-reset-{budget}"))?;
            positive(text, 1.0).or_else(|| go_duration(text))
        })
        .max()
        .map(within_bounds)
}

/// Whether `x-should-retry` says `false`, the provider's last word.
///
/// A `true` decides nothing: which replies may be retried at all is the table's to say.
pub(super) fn forbids_retry(headers: &ReplyHeaders) -> bool {
    headers
        .get("x-should-retry")
        .is_some_and(|text| text.trim().eq_ignore_ascii_case("false"))
}

/// A plain number of units, each `unit` seconds long.
fn positive(text: &str, unit: f64) -> Option<Duration> {
    let seconds = text.trim().parse::<f64>().ok()? * unit;
    let wait = Duration::try_from_secs_f64(seconds).ok();
    // A number beyond what a duration holds is still a request to wait very long.
    let wait = wait.or_else(|| (seconds.is_finite() && seconds > 0.0).then_some(Duration::MAX));
    wait.filter(|wait| !wait.is_zero())
}

fn until_date(text: &str, now: Instant) -> Option<Duration> {
    let date = OffsetDateTime::parse(text.trim(), &Rfc2822).ok()?;
    let millis = i64::try_from(date.unix_timestamp_nanos() / 1_000_000).ok()?;
    let wait = millis.checked_sub(now.as_millis())?;
    u64::try_from(wait)
        .ok()
        .filter(|wait| *wait > 0)
        .map(Duration::from_millis)
}

/// A duration as Go prints it: `1m3.5s`, `12ms`, `1h2m3s`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(number_end)?;
        let unit_end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(unit_end)?;
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = next;
    }
    positive(&total.to_string(), 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::{LONGEST_DELAY, SHORTEST_DELAY};
    use proptest::prelude::{any, prop_assert, proptest};

    const NOW: Instant = Instant::from_millis(1_795_258_517_000);

    fn after(fields: &[(&str, &str)]) -> Option<Duration> {
        retry_after(&fields.iter().copied().collect(), NOW)
    }

    const fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn retry_after_is_read_in_seconds_milliseconds_and_as_a_date() {
        assert_eq!(after(&[("Retry-After", "20")]), Some(millis(20_000)));
        assert_eq!(after(&[("retry-after", " 1.5 ")]), Some(millis(1_500)));
        assert_eq!(
            after(&[("retry-after-ms", "750.5")]),
            Some(Duration::from_micros(750_500))
        );
        assert_eq!(
            after(&[("retry-after", "Sat, 21 Nov 2026 10:56:17 GMT")]),
            Some(millis(60_000))
        );
    }

    #[test]
    fn milliseconds_win_over_seconds_unless_they_are_nonsense() {
        assert_eq!(
            after(&[("retry-after", "20"), ("retry-after-ms", "900")]),
            Some(millis(900))
        );
        assert_eq!(
            after(&[("retry-after", "20"), ("retry-after-ms", "soon")]),
            Some(millis(20_000))
        );
    }

    #[test]
    fn nonsense_counts_as_absent() {
        for text in [
            "",
            "0",
            "-1",
            "-0.5",
            "NaN",
            "inf",
            "-inf",
            "soon",
            "1,5",
            "\u{0}",
            "Sat, 21 Nov 2026 10:55:17 GMT",
            "Wed, 21 Oct 2015 07:28:00 GMT",
        ] {
            assert_eq!(after(&[("retry-after", text)]), None, "{text:?}");
        }
        assert_eq!(after(&[]), None);
    }

    #[test]
    fn hints_are_moved_into_bounds() {
        assert_eq!(after(&[("retry-after-ms", "1")]), Some(SHORTEST_DELAY));
        assert_eq!(after(&[("retry-after", "99999999")]), Some(LONGEST_DELAY));
        assert_eq!(after(&[("retry-after", "1e300")]), Some(LONGEST_DELAY));
        assert_eq!(
            after(&[("retry-after", "Sat, 21 Nov 2099 10:55:17 GMT")]),
            Some(LONGEST_DELAY)
        );
    }

    fn resets(requests: (&str, &str), tokens: (&str, &str)) -> Option<Duration> {
        reset(&ReplyHeaders::from_iter([
            ("x-ratelimit-remaining-requests", requests.0),
            ("x-ratelimit-reset-requests", requests.1),
            ("x-ratelimit-remaining-tokens", tokens.0),
            ("x-ratelimit-reset-tokens", tokens.1),
        ]))
    }

    #[test]
    fn resets_are_read_as_go_durations_and_as_seconds() {
        for (text, read) in [
            ("1s", Some(millis(1_000))),
            ("6m0s", Some(millis(360_000))),
            ("1m3.5s", Some(millis(63_500))),
            ("1h2m3s", Some(millis(3_723_000))),
            ("712ms", Some(millis(712))),
            ("12ms", Some(SHORTEST_DELAY)),
            ("900µs", Some(SHORTEST_DELAY)),
            ("7", Some(millis(7_000))),
            ("7.66s", Some(millis(7_660))),
            ("-1", None),
            ("0s", None),
            ("1x", None),
            ("s", None),
            ("1m-3s", None),
            ("1.2.3s", None),
            ("12µ", None),
        ] {
            assert_eq!(resets(("0", text), ("5", "9h")), read, "{text:?}");
        }
    }

    #[test]
    fn the_longest_reset_of_the_used_up_budgets_counts() {
        assert_eq!(resets(("0", "1s"), ("0", "3s")), Some(millis(3_000)));
        assert_eq!(resets(("9", "1s"), ("0", "3s")), Some(millis(3_000)));
        assert_eq!(resets(("0", "1s"), ("-1", "3s")), Some(millis(1_000)));
        assert_eq!(resets(("9", "1s"), ("9", "3s")), None);
    }

    #[test]
    fn only_false_forbids_a_retry() {
        let said = |text: &str| forbids_retry(&ReplyHeaders::from_iter([("X-Should-Retry", text)]));
        assert!(said("false") && said(" FALSE "));
        assert!(!said("true") && !said("") && !said("0"));
        assert!(!forbids_retry(&ReplyHeaders::default()));
    }

    proptest! {
        #[test]
        fn no_header_makes_a_hint_outside_bounds(text in any::<String>(), number in any::<f64>()) {
            for text in [text, number.to_string(), format!("{number}s")] {
                let hints = [
                    after(&[("retry-after", &text)]),
                    after(&[("retry-after-ms", &text)]),
                    resets(("0", &text), ("0", &text)),
                ];
                for hint in hints.into_iter().flatten() {
                    prop_assert!((SHORTEST_DELAY..=LONGEST_DELAY).contains(&hint), "{text:?}: {hint:?}");
                }
            }
        }
    }
}
