//! What the provider saw of a storm, call by call.

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{StormReport, count};
use crate::simulator::STORM_HINT_SECONDS;

/// How long word of a refusal may take to reach every call that is about to be made.
const NEWS_MS: u64 = 1_000;

/// One call, as the provider tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    status: Option<u16>,
    started_at_ms: u64,
    finished_at_ms: Option<u64>,
}

/// When the storm was over, in Unix milliseconds.
pub(super) fn over_at_ms(calls: &[Call], seconds: u32) -> Result<u64> {
    let first = calls.first().context("the provider was never called")?;
    Ok(first.started_at_ms + 1_000 * u64::from(seconds))
}

/// The pause that the provider asks for, in milliseconds.
fn hint_ms() -> u64 {
    1_000 * u64::from(STORM_HINT_SECONDS)
}

/// What the provider saw of the storm.
pub(super) fn in_storm(calls: &[Call], seconds: u32) -> Result<StormReport> {
    let over_at_ms = over_at_ms(calls, seconds)?;
    let in_storm: Vec<&Call> = calls
        .iter()
        .filter(|call| call.started_at_ms < over_at_ms)
        .collect();
    let mut refusals: Vec<u64> = calls
        .iter()
        .filter(|call| call.status == Some(429))
        .filter_map(|call| call.finished_at_ms)
        .collect();
    refusals.sort_unstable();
    // How long before a call the latest refusal was that came before it.
    let since_refusal = |call: &Call| {
        let before = refusals.partition_point(|refused| *refused <= call.started_at_ms);
        let latest = refusals.get(before.checked_sub(1)?)?;
        Some(call.started_at_ms - latest)
    };
    let since: Vec<u64> = calls.iter().filter_map(since_refusal).collect();
    let on_its_way = |since: &&u64| **since < NEWS_MS;
    // A clock that is read twice may differ by a millisecond or two.
    let early = |since: &&u64| (NEWS_MS..hint_ms() - 5).contains(*since);
    let within =
        |from: u64| move |call: &&&Call| (from..from + hint_ms()).contains(&call.started_at_ms);
    let most = in_storm
        .iter()
        .map(|first| in_storm.iter().filter(within(first.started_at_ms)).count())
        .max();
    Ok(StormReport {
        storm_seconds: seconds,
        calls_in_storm: count(in_storm.len()),
        most_calls_in_a_hint: count(most.unwrap_or_default()),
        calls_on_their_way: count(since.iter().filter(on_its_way).count()),
        early_calls: count(since.iter().filter(early).count()),
        ..StormReport::default()
    })
}

#[cfg(test)]
mod tests {
    use super::{Call, in_storm};

    /// Calls that begin at these instants, each answered 10 ms later with this status.
    fn calls(begun: &[(u64, u16)]) -> Vec<Call> {
        let call = |(at, status): &(u64, u16)| Call {
            status: Some(*status),
            started_at_ms: *at,
            finished_at_ms: Some(at + 10),
        };
        begun.iter().map(call).collect()
    }

    #[test]
    fn calls_that_keep_to_the_hint_are_not_early() {
        let calls = calls(&[
            (0, 429),
            (5, 429),
            (5_020, 429),
            (10_040, 200),
            (10_050, 200),
        ]);
        let report = in_storm(&calls, 10).unwrap();
        assert_eq!(report.calls_in_storm, 3);
        assert_eq!(report.most_calls_in_a_hint, 2);
        assert_eq!((report.calls_on_their_way, report.early_calls), (0, 0));
    }

    #[test]
    fn call_within_the_pause_is_early_once_the_news_is_out() {
        let calls = calls(&[(0, 429), (500, 429), (3_000, 429), (8_100, 200)]);
        let report = in_storm(&calls, 8).unwrap();
        assert_eq!((report.calls_on_their_way, report.early_calls), (1, 1));
        assert_eq!(report.most_calls_in_a_hint, 3);
    }
}
