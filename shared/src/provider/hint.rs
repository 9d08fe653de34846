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

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// No reset of a budget is believed to be further away.
const LONGEST_RESET: Duration = Duration::from_hours(1);

/// How long until the budgets of requests and tokens that are used up are there again: OpenAI's,
/// which are durations, else Anthropic's, which are instants.
pub(super) fn reset(headers: &ReplyHeaders, now: Instant) -> Option<Duration> {
    let reset = openai_reset(headers).or_else(|| anthropic_reset(headers, now));
    reset.map(within_bounds)
}

/// The longest reset among the budgets that are used up. One that is not says when it will be full
/// again, which is no reason to wait.
fn openai_reset(headers: &ReplyHeaders) -> Option<Duration> {
    ["requests", "tokens"]
        .into_iter()
        .filter(|budget| is_used_up(headers, &format!("x-ratelimit-remaining-{budget}")))
        .filter_map(|budget| {
            let text = headers.get(&format!("x-ratelimit-reset-{budget}"))?;
            positive(text, 1.0).or_else(|| go_duration(text))
        })
        .max()
}

/// The longest reset among the budgets that are used up, else among all: what remains is rounded to
/// thousands, so a budget may be too small for a call and not be 0.
///
/// An instant of another clock is believed for an hour at most.
fn anthropic_reset(headers: &ReplyHeaders, now: Instant) -> Option<Duration> {
    let resets = ["requests", "tokens", "input-tokens", "output-tokens"]
        .into_iter()
        .filter_map(|budget| {
            let text = headers.get(&format!("anthropic-ratelimit-{budget}-reset"))?;
            let wait = Instant::parse_rfc3339(text.trim())?.millis_since(now);
            let wait = Duration::from_millis(u64::try_from(wait).ok().filter(|wait| *wait > 0)?);
            let remaining = format!("anthropic-ratelimit-{budget}-remaining");
            Some((is_used_up(headers, &remaining), wait.min(LONGEST_RESET)))
        });
    resets.max().map(|(_, wait)| wait)
}

fn is_used_up(headers: &ReplyHeaders, remaining: &str) -> bool {
    let remaining = headers.get(remaining);
    remaining.is_some_and(|text| text.trim().parse() == Ok(0_u64))
}

/// How long until the next 00:00 UTC: more than nothing, and at most a day.
pub(super) const fn until_midnight(now: Instant) -> Duration {
    let left = DAY_MS - now.as_millis().rem_euclid(DAY_MS);
    Duration::from_millis(left.unsigned_abs())
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
mod tests;
