//! What an operator asks for with a replay of many letters.

use crate::dead_letter::filter::{DeadLetterFilter, MIN_ATTEMPTS, read_jobs};
use crate::json::rules::{boolean, integer, label, object};
use crate::json::{FieldError, Fields};
use crate::replay::{NOTE_BYTES, Overrides};
use crate::store::SampleTerms;
use serde_json::Value;
use std::ops::RangeInclusive;

/// Value of `maxPerSecond`.
pub const PER_SECOND: RangeInclusive<u32> = 1..=500;

/// `maxPerSecond` when it is absent.
pub const DEFAULT_PER_SECOND: u32 = 10;

/// Value of `sample.count`.
pub const SAMPLE_LETTERS: RangeInclusive<u32> = 1..=1_000;

/// Value of `sample.minSuccessPercent`.
pub const SAMPLE_PERCENT: RangeInclusive<u32> = 1..=100;

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaysRequest {
    /// Which letters.
    pub filter: DeadLetterFilter,
    /// Whether it is only to be told what would be done.
    pub is_dry_run: bool,
    /// Letters a second.
    pub max_per_second: u32,
    /// Letters to try first.
    pub sample: Option<SampleTerms>,
    /// What is different this time.
    pub overrides: Overrides,
    /// Why, in the operator's words.
    pub note: Option<String>,
}

impl ReplaysRequest {
    /// Reads the body.
    ///
    /// # Errors
    /// Every violation, with a pointer to it, unknown fields among them.
    pub fn read(value: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::of(value);
        let filter = fields.optional("filter", object(read_filter));
        let jobs = fields.optional("jobIds", read_jobs);
        match (fields.has("filter"), fields.has("jobIds")) {
            (true, true) => fields.refuse("jobIds", "must be absent when `filter` is given"),
            (false, false) => fields.refuse(
                "filter",
                "is required, or `jobIds`; `{}` means every dead letter",
            ),
            (true, false) | (false, true) => {}
        }
        let is_dry_run = fields.optional("dryRun", boolean());
        let max_per_second = fields.optional("maxPerSecond", integer(PER_SECOND));
        let sample = fields.optional("sample", object(read_sample));
        let overrides = fields.optional("overrides", object(read_overrides));
        let note = fields.optional("note", label(NOTE_BYTES));
        fields.finish(|| {
            Some(Self {
                filter: filter.or(jobs.map(DeadLetterFilter::of_jobs))?,
                is_dry_run: is_dry_run.unwrap_or_default(),
                max_per_second: max_per_second.unwrap_or(DEFAULT_PER_SECOND),
                sample,
                overrides: overrides.unwrap_or_default(),
                note: note.map(str::to_owned),
            })
        })
    }
}

fn read_filter(mut fields: Fields<'_>) -> Result<DeadLetterFilter, Vec<FieldError>> {
    let filter = DeadLetterFilter::read(&mut fields, integer(MIN_ATTEMPTS));
    fields.finish(|| Some(filter))
}

fn read_sample(mut fields: Fields<'_>) -> Result<SampleTerms, Vec<FieldError>> {
    let letters = fields.required("count", integer(SAMPLE_LETTERS));
    let percent = fields.required("minSuccessPercent", integer(SAMPLE_PERCENT));
    fields.finish(|| {
        Some(SampleTerms {
            letters: letters?,
            percent: percent?,
        })
    })
}

fn read_overrides(mut fields: Fields<'_>) -> Result<Overrides, Vec<FieldError>> {
    let overrides = Overrides::read(&mut fields);
    fields.finish(|| Some(overrides))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn named(body: &Value) -> Vec<String> {
        let errors = ReplaysRequest::read(body).expect_err("it is wrong");
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let read = ReplaysRequest::read(&json!({"filter": {}})).expect("it is right");
        assert!(read.filter.is_open() && !read.is_dry_run);
        assert_eq!((read.max_per_second, read.sample), (10, None));
        assert_eq!(read.overrides, Overrides::default());
    }

    #[test]
    fn all_of_it_is_read() {
        let whole = json!({
            "jobIds": ["job_0192f0c1000070008000000000000001"], "dryRun": true,
            "maxPerSecond": 500, "sample": {"count": 1, "minSuccessPercent": 100},
            "overrides": {"model": "m", "provider": "p", "maxAttempts": 2, "deadlineSeconds": 3},
            "note": "the key is right now"
        });
        let read = ReplaysRequest::read(&whole).expect("it is right");
        assert_eq!(read.filter.job_ids.map(|jobs| jobs.len()), Some(1));
        assert_eq!(read.overrides.max_attempts, Some(2));
        assert_eq!(read.sample.map(|sample| sample.percent), Some(100));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(named(&json!({})), ["/filter"]);
        assert_eq!(
            named(&json!({"filter": {}, "jobIds": []})),
            ["/jobIds", "/jobIds"]
        );
        assert_eq!(named(&json!({"jobIds": ["job_1"]})), ["/jobIds/0"]);
        let wrong = json!({
            "filter": {"code": "x", "all": true}, "dryRun": "yes", "maxPerSecond": 501,
            "sample": {"count": 0}, "overrides": {"maxAttempts": 21, "temperature": 1}, "x": 1
        });
        let expected = [
            "/filter/code",
            "/filter/all",
            "/dryRun",
            "/maxPerSecond",
            "/sample/count",
            "/sample/minSuccessPercent",
            "/overrides/maxAttempts",
            "/overrides/temperature",
            "/x",
        ];
        assert_eq!(named(&wrong), expected);
    }
}
