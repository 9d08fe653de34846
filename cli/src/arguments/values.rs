//! Values that several options share.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use redrive_shared::access::Scope;
use redrive_shared::clock::Instant;
use redrive_shared::job::{JobState, Kind};
use redrive_shared::store::BatchStatus;
use serde_json::{Map, Value};

use crate::entropy::now;

/// The states of a job.
pub(super) fn states() -> PossibleValuesParser {
    PossibleValuesParser::new(JobState::ALL.map(JobState::as_str))
}

/// The states of a batch.
pub(super) fn batch_states() -> PossibleValuesParser {
    PossibleValuesParser::new(BatchStatus::ALL.map(BatchStatus::as_str))
}

/// The kinds of jobs.
pub(super) fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(Kind::ALL.map(Kind::as_str))
}

/// What keys may be used for.
pub(super) fn scopes() -> PossibleValuesParser {
    PossibleValuesParser::new(Scope::ALL.map(Scope::as_str))
}

/// A time as the API reads it, from RFC 3339, a day, or an age such as `90m`, `36h` or `7d`.
pub(super) fn time(text: &str) -> Result<String, String> {
    time_at(text, now())
}

fn time_at(text: &str, now: Instant) -> Result<String, String> {
    if let Some(age) = length(text) {
        let millis = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        return Ok(now.plus_millis(millis.saturating_neg()).to_rfc3339());
    }
    point(text).ok_or_else(|| {
        "is no time: write 2026-11-21T10:55:17Z, 2026-11-21, or an age such as 90m, 36h, 7d"
            .to_owned()
    })
}

/// A time to come, from RFC 3339, a day, or a length from now such as `12h` or `90d`.
pub(super) fn time_to_come(text: &str) -> Result<String, String> {
    if let Some(length) = length(text) {
        return Ok(now().plus(length).to_rfc3339());
    }
    point(text).ok_or_else(|| {
        "is no time: write 2026-11-21T10:55:17Z, 2026-11-21, or a time from now such as 12h, 90d"
            .to_owned()
    })
}

/// A point in time, from RFC 3339 or a day.
fn point(text: &str) -> Option<String> {
    let midnight = format!("{text}T00:00:00Z");
    Instant::parse_rfc3339(text)
        .or_else(|| Instant::parse_rfc3339(&midnight))
        .map(Instant::to_rfc3339)
}

/// A JSON object.
pub(super) fn json_object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err("must be a JSON object".to_owned()),
        Err(error) => Err(format!("is not JSON: {error}")),
    }
}

/// A JSON text in ASCII, as a header needs it.
pub(super) fn ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a text does not fail.
            write!(ascii, "\\u{unit:04x}").unwrap_or_default();
        }
    }
    ascii
}

/// A length of time, such as `36h`.
fn length(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

/// `KEY=VALUE`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "must be KEY=VALUE".to_owned())
}

/// Which part of a list.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PageOptions {
    /// Entries of a page, 1 to 100 [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) limit: Option<u32>,
    /// Go on after an earlier page, which told its cursor
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
    /// All pages, one after the other; with --json one entry a line
    #[arg(long)]
    pub(crate) all: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_three_spellings() {
        let now = Instant::parse_rfc3339("2026-11-21T12:00:00Z").unwrap();
        for (text, time) in [
            ("2026-11-21T10:55:17+01:00", "2026-11-21T09:55:17.000Z"),
            ("2026-11-20", "2026-11-20T00:00:00.000Z"),
            ("90m", "2026-11-21T10:30:00.000Z"),
            ("7d", "2026-11-14T12:00:00.000Z"),
        ] {
            assert_eq!(time_at(text, now).as_deref(), Ok(time));
        }
        for text in ["", "d", "yesterday", "-3h", "99999999999999999999d", "3 d"] {
            assert!(time_at(text, now).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_to_come_is_not_explained_by_an_age() {
        assert!(time_to_come("90d").unwrap() > now().to_rfc3339());
        assert!(!time_to_come("2020").unwrap_err().contains("age"));
    }

    #[test]
    fn json_in_ascii_says_the_same() {
        let fields = json_object("{\n \"system\": \"é😀\"}").unwrap();
        let text = ascii(&Value::Object(fields.clone()).to_string());
        assert_eq!(text, r#"{"system":"\u00e9\ud83d\ude00"}"#);
        assert_eq!(json_object(&text), Ok(fields));
        assert!(json_object("[]").is_err() && json_object("{").is_err());
    }

    #[test]
    fn a_pair_needs_a_name() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("=b").is_err() && pair("a").is_err());
    }
}
