//! Which dead letters are meant: the filters of lists, groups, replays and purges.

use crate::clock::Instant;
use crate::error_code::ErrorCode;
use crate::ids::{BatchId, JobId};
use crate::job::Kind;
use crate::json::rules::{Ruling, array, checked, choice, label, text, time};
use crate::json::{Fields, Item};
use crate::request::limits::{PROVIDER_BYTES, REF_BYTES};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Value of `minAttempts`.
pub const MIN_ATTEMPTS: RangeInclusive<u32> = 1..=1_000_000;

/// How many letters may be named one by one.
pub const NAMED: RangeInclusive<usize> = 1..=1_000;

/// Length of the `model` and the `fingerprint` of a filter.
const NAME_BYTES: RangeInclusive<usize> = 1..=512;

/// Which dead letters are meant: those that pass every part. `None` lets every one through.
///
/// Its JSON is what the statements read, and what a replay and the audit log keep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeadLetterFilter {
    /// Dead for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// Whose latest attempt asked this provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Of this model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Of this batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<BatchId>,
    /// With this reference of the client's own: the type, given with the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ref_type: Option<String>,
    /// The id of that reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ref_id: Option<String>,
    /// Of this cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Of a job created at this instant or later.
    #[serde(rename = "createdFromMs", skip_serializing_if = "Option::is_none")]
    pub created_from: Option<Instant>,
    /// Of a job created before this instant.
    #[serde(rename = "createdBeforeMs", skip_serializing_if = "Option::is_none")]
    pub created_before: Option<Instant>,
    /// Dead since this instant or later.
    #[serde(rename = "deadFromMs", skip_serializing_if = "Option::is_none")]
    pub dead_from: Option<Instant>,
    /// Dead before this instant.
    #[serde(rename = "deadBeforeMs", skip_serializing_if = "Option::is_none")]
    pub dead_before: Option<Instant>,
    /// After so many attempts or more, those before a replay too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_attempts: Option<u32>,
    /// One of these, in the order of their ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_ids: Option<Vec<JobId>>,
}

impl DeadLetterFilter {
    /// What the parts are called that a list takes.
    pub const NAMES: [&str; 13] = [
        "code",
        "provider",
        "model",
        "kind",
        "batchId",
        "refType",
        "refId",
        "fingerprint",
        "createdAfter",
        "createdBefore",
        "deadAfter",
        "deadBefore",
        "minAttempts",
    ];

    /// Reads the parts that a list takes; `attempts` reads a number, which a URL and a body spell
    /// differently.
    pub fn read<'v>(
        fields: &mut Fields<'v>,
        attempts: impl FnOnce(Item<'v>) -> Ruling<u32>,
    ) -> Self {
        let codes = ErrorCode::ALL.map(|code| (code.as_str(), code));
        let kinds = Kind::ALL.map(|kind| (kind.as_str(), kind));
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let filter = Self {
            code: fields.optional("code", choice(&codes)),
            provider: owned(fields.optional("provider", label(PROVIDER_BYTES))),
            model: owned(fields.optional("model", label(NAME_BYTES))),
            kind: fields.optional("kind", choice(&kinds)),
            batch_id: fields.optional("batchId", checked(text(1..=64), str::parse)),
            ref_type: owned(fields.optional("refType", label(REF_BYTES))),
            ref_id: owned(fields.optional("refId", label(REF_BYTES))),
            fingerprint: owned(fields.optional("fingerprint", label(NAME_BYTES))),
            created_from: fields.optional("createdAfter", time()),
            created_before: fields.optional("createdBefore", time()),
            dead_from: fields.optional("deadAfter", time()),
            dead_before: fields.optional("deadBefore", time()),
            min_attempts: fields.optional("minAttempts", attempts),
            job_ids: None,
        };
        for (given, missing) in [("refId", "refType"), ("refType", "refId")] {
            if fields.has(given) && !fields.has(missing) {
                fields.refuse(missing, format!("is required with `{given}`"));
            }
        }
        filter
    }

    /// The letters of these jobs.
    #[must_use]
    pub fn of_jobs(mut jobs: Vec<JobId>) -> Self {
        jobs.sort();
        jobs.dedup();
        Self {
            job_ids: Some(jobs),
            ..Self::default()
        }
    }

    /// Whether it lets every letter through.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// The filter as the statements read it.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Reads a list of jobs, by their ids.
///
/// # Errors
/// Every violation, with a pointer to it.
pub fn read_jobs(item: Item<'_>) -> Ruling<Vec<JobId>> {
    array(NAMED, checked(text(1..=64), str::parse::<JobId>))(item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::rules::integer;
    use serde_json::json;

    fn read(body: &serde_json::Value) -> Result<DeadLetterFilter, Vec<String>> {
        let mut fields = Fields::of(body);
        let filter = DeadLetterFilter::read(&mut fields, integer(MIN_ATTEMPTS));
        let named = |errors: Vec<crate::json::FieldError>| {
            errors.into_iter().map(|error| error.pointer).collect()
        };
        fields.finish(|| Some(filter)).map_err(named)
    }

    #[test]
    fn every_part_is_read_and_written_once() {
        let whole = json!({
            "code": "provider_auth", "provider": "openai", "model": "m", "kind": "generate",
            "batchId": "bat_0192f0c1000070008000000000000003", "refType": "t", "refId": "r",
            "fingerprint": "f", "createdAfter": "2026-11-21T10:55:17Z",
            "createdBefore": "2026-11-21T10:55:18Z", "deadAfter": "2026-11-21T10:55:19Z",
            "deadBefore": "2026-11-21T10:55:20Z", "minAttempts": 3
        });
        let filter = read(&whole).expect("it is right");
        assert!(!filter.is_open());
        let written = filter.to_json();
        assert_eq!(serde_json::from_str(&written).ok(), Some(filter));
        let written: serde_json::Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(written["deadFromMs"], 1_795_258_519_000_i64);
        let given = whole.as_object().expect("an object");
        assert!(
            DeadLetterFilter::NAMES
                .iter()
                .all(|name| given.contains_key(*name))
        );
        assert_eq!(given.len(), DeadLetterFilter::NAMES.len());
        let parts = written.as_object().expect("an object").len();
        assert_eq!(parts, whole.as_object().expect("an object").len());
    }

    #[test]
    fn a_filter_without_parts_lets_every_letter_through() {
        let open = read(&json!({})).expect("it is right");
        assert!(open.is_open());
        assert_eq!(open.to_json(), "{}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong =
            json!({"code": "x", "refId": "r", "minAttempts": 0, "deadAfter": "now", "y": 1});
        let named = read(&wrong).expect_err("it is wrong");
        assert_eq!(
            named,
            ["/code", "/deadAfter", "/minAttempts", "/refType", "/y"]
        );
    }

    #[test]
    fn jobs_are_named_once_in_the_order_of_their_ids() {
        let id = |digit: u8| -> JobId {
            let text = format!("job_0192f0c100007000800000000000000{digit}");
            text.parse().expect("valid")
        };
        let filter = DeadLetterFilter::of_jobs(vec![id(3), id(1), id(3)]);
        assert_eq!(filter.job_ids, Some(vec![id(1), id(3)]));
    }
}
