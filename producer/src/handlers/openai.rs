//! The routes below `/v1/`: Files and Batches as clients of OpenAI's ask for them.

pub(super) mod batches;
pub(super) mod files;

use crate::problem::Violation;
use redrive_shared::json::rules::{Ruling, choice, integer};
use redrive_shared::json::{Fields, Item};
use std::ops::RangeInclusive;

/// Value of the `seconds` after which a file is deleted.
const EXPIRY_SECONDS: RangeInclusive<u32> = 3_600..=2_592_000;

/// From when on they count.
const ANCHORS: &[(&str, ())] = &[("created_at", ())];

/// Reads `{"anchor": "created_at", "seconds": N}`.
fn expiry(mut fields: Fields<'_>) -> Ruling<u32> {
    fields.required("anchor", choice(ANCHORS));
    let seconds = fields.required("seconds", integer(EXPIRY_SECONDS));
    fields.finish(|| seconds)
}

/// Reads the number of entries of a page: digits only.
fn limit_of(item: &Item<'_>, bounds: RangeInclusive<u32>) -> Ruling<u32> {
    let (least, most) = (bounds.start(), bounds.end());
    let digits = item.value().as_str().unwrap_or_default();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let limit = is_number.then(|| digits.parse().ok()).flatten();
    let limit = limit.filter(|limit| bounds.contains(limit));
    let rule = format!("must be a whole number from {least} to {most}");
    limit.ok_or_else(|| item.refuse(rule))
}

/// What a part of a form or a parameter must be.
fn must(name: &str, rule: &str) -> Violation {
    Violation::parameter(name, rule)
}
