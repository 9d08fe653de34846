//! What every job can be submitted with, whatever its kind.

use super::limits;
use crate::json::rules::{Ruling, entries, integer, label, text};
use crate::json::{Fields, Item};
use std::collections::BTreeMap;

/// What a client says about a job, and how patiently it is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The client's own name for what this job belongs to, for example `ticket`.
    pub ref_type: Option<String>,
    /// The client's own id within `ref_type`.
    pub ref_id: Option<String>,
    /// The client's own labels, given back with the job and never read.
    pub metadata: BTreeMap<String, String>,
    /// Seconds from submission after which the job is dead-lettered; 1 to 604,800.
    pub deadline_seconds: u32,
    /// How many attempts may fail before the job is dead-lettered; 1 to 20.
    pub max_attempts: u8,
}

impl Submission {
    /// Reads its fields, among those of the body. Where one is wrong, which `fields` keeps, the
    /// default stands in for it.
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let ref_type = fields.optional("refType", label(limits::REF_BYTES));
        let ref_id = fields.optional("refId", label(limits::REF_BYTES));
        let metadata = fields.optional("metadata", read_metadata);
        let deadline_seconds =
            fields.optional("deadlineSeconds", integer(limits::DEADLINE_SECONDS));
        let max_attempts = fields.optional("maxAttempts", integer(limits::MAX_ATTEMPTS));
        Self {
            ref_type: ref_type.map(str::to_owned),
            ref_id: ref_id.map(str::to_owned),
            metadata: metadata.unwrap_or_default(),
            deadline_seconds: deadline_seconds.unwrap_or(limits::DEFAULT_DEADLINE_SECONDS),
            max_attempts: max_attempts.unwrap_or(limits::DEFAULT_MAX_ATTEMPTS),
        }
    }
}

fn read_metadata(item: Item<'_>) -> Ruling<BTreeMap<String, String>> {
    let value = |item| text(limits::METADATA_VALUE_BYTES)(item).map(str::to_owned);
    entries(limits::METADATA_KEYS, limits::METADATA_KEY_BYTES, value)(item)
}
