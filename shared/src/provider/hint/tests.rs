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
    let headers = ReplyHeaders::from_iter([
        ("x-ratelimit-remaining-requests", requests.0),
        ("x-ratelimit-reset-requests", requests.1),
        ("x-ratelimit-remaining-tokens", tokens.0),
        ("x-ratelimit-reset-tokens", tokens.1),
    ]);
    reset(&headers, NOW)
}

fn anthropic(budgets: &[(&str, &str, &str)]) -> Option<Duration> {
    let fields = budgets.iter().flat_map(|(budget, remaining, reset)| {
        let field = |name: &str| format!("anthropic-ratelimit-{budget}-{name}");
        [(field("remaining"), *remaining), (field("reset"), *reset)]
    });
    let fields: Vec<(String, &str)> = fields.collect();
    let fields = fields.iter().map(|(name, value)| (name.as_str(), *value));
    reset(&fields.collect(), NOW)
}

#[test]
fn anthropics_resets_are_instants_and_those_of_used_up_budgets_count_first() {
    let (soon, later) = ("2026-11-21T10:55:37Z", "2026-11-21T10:56:17Z");
    for (budgets, read) in [
        (
            &[("requests", "0", soon), ("tokens", "9", later)][..],
            Some(20_000),
        ),
        (
            &[("requests", "8", soon), ("input-tokens", "9", later)][..],
            Some(60_000),
        ),
        (
            &[("output-tokens", "0", soon), ("tokens", "0", later)][..],
            Some(60_000),
        ),
        (
            &[("requests", "0", "2026-11-22T10:55:17Z")][..],
            Some(3_600_000),
        ),
        (&[("requests", "0", "2026-11-21T10:55:17Z")][..], None),
        (&[("requests", "0", "2026-11-21T09:00:00Z")][..], None),
        (&[("requests", "0", "20s")][..], None),
    ] {
        assert_eq!(anthropic(budgets), read.map(millis), "{budgets:?}");
    }
}

#[test]
fn midnight_is_at_most_a_day_away_and_never_now() {
    let left = |now: &str| until_midnight(Instant::parse_rfc3339(now).unwrap());
    assert_eq!(left("2026-11-21T23:59:59.999Z"), millis(1));
    assert_eq!(left("2026-11-22T00:00:00Z"), Duration::from_hours(24));
    assert_eq!(left("2026-11-21T10:55:17Z"), Duration::from_secs(47_083));
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
