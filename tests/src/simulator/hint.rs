//! What headers say of limits and of another try, as each vendor writes it.

use crate::simulator::instant::{http_date, rfc3339};
use crate::simulator::reply::Hint;
use crate::simulator::route::Vendor;

/// A header to be.
pub(crate) type Header = (&'static str, String);

/// The four budgets that Anthropic tells of.
const BUDGETS: [[&str; 3]; 4] = [
    [
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ],
    [
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ],
    [
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
    ],
    [
        "anthropic-ratelimit-output-tokens-limit",
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
    ],
];

/// The headers of a hint with this status, sent at this Unix second.
pub(crate) fn headers(hint: Hint, vendor: Vendor, status: u16, now: u64) -> Vec<Header> {
    let used_up = |seconds| used_up(vendor, seconds, now);
    match hint {
        Hint::None => Vec::new(),
        Hint::Seconds(seconds) => {
            let mut headers = vec![("retry-after", seconds.to_string())];
            if status == 429 {
                headers.extend(used_up(seconds));
            }
            headers
        }
        Hint::Milliseconds(milliseconds) => {
            let seconds = milliseconds.div_ceil(1_000);
            let mut headers = vec![
                ("retry-after-ms", milliseconds.to_string()),
                ("retry-after", seconds.to_string()),
            ];
            headers.extend(used_up(seconds));
            headers
        }
        Hint::Text(text) => vec![("retry-after", text.to_owned())],
        Hint::Date(seconds) => vec![("retry-after", http_date(now + u64::from(seconds)))],
        Hint::Limits(seconds) => used_up(seconds),
        Hint::Headers(headers) => headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
    }
}

/// The limits of a vendor whose requests are used up for this many seconds.
fn used_up(vendor: Vendor, seconds: u32, now: u64) -> Vec<Header> {
    match vendor {
        Vendor::OpenAi => requests(3, 0, go_duration(seconds)),
        Vendor::Azure => requests(3, 0, seconds.to_string()),
        Vendor::Anthropic => budgets(0, now + u64::from(seconds), now),
        Vendor::WorkersAi | Vendor::Piston => Vec::new(),
    }
}

/// What stands beside every good answer.
pub(crate) fn of_good_answer(vendor: Vendor, now: u64) -> Vec<Header> {
    match vendor {
        Vendor::OpenAi => {
            let mut headers = requests(5_000, 4_999, "12ms".to_owned());
            headers.extend([
                ("x-ratelimit-limit-tokens", "800000".to_owned()),
                ("x-ratelimit-remaining-tokens", "799991".to_owned()),
                ("x-ratelimit-reset-tokens", "0s".to_owned()),
                ("openai-organization", "org-simulated".to_owned()),
                ("openai-version", "2020-10-01".to_owned()),
            ]);
            headers
        }
        Vendor::Azure => {
            let mut headers = requests(5_000, 4_999, "1".to_owned());
            headers.extend([
                // Azure sends -1 where it does not know.
                ("x-ratelimit-remaining-tokens", "-1".to_owned()),
                ("x-ms-region", "Simulated".to_owned()),
            ]);
            headers
        }
        Vendor::Anthropic => {
            let mut headers = budgets(3_999, now, now);
            headers.push(("anthropic-organization-id", "org-simulated".to_owned()));
            headers
        }
        Vendor::WorkersAi | Vendor::Piston => Vec::new(),
    }
}

fn requests(limit: u32, remaining: u32, reset: String) -> Vec<Header> {
    vec![
        ("x-ratelimit-limit-requests", limit.to_string()),
        ("x-ratelimit-remaining-requests", remaining.to_string()),
        ("x-ratelimit-reset-requests", reset),
    ]
}

/// All four budgets; only the requests are told to be low.
fn budgets(requests_left: u32, requests_reset: u64, now: u64) -> Vec<Header> {
    let mut headers = Vec::with_capacity(BUDGETS.len() * 3);
    for [limit, remaining, reset] in BUDGETS {
        let is_requests = limit.contains("-requests-");
        let most = if is_requests { 4_000 } else { 400_000 };
        let left = if is_requests { requests_left } else { most };
        let until = if is_requests { requests_reset } else { now };
        headers.extend([
            (limit, most.to_string()),
            (remaining, left.to_string()),
            (reset, rfc3339(until)),
        ]);
    }
    headers
}

/// A duration as the Go language writes it: `7s`, `6m0s`, `1h2m3s`.
fn go_duration(seconds: u32) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::go_duration;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        let written = [0, 7, 60, 360, 3_723].map(go_duration);
        assert_eq!(written, ["0s", "7s", "1m0s", "6m0s", "1h2m3s"]);
    }
}
