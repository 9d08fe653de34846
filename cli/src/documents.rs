//! What is shown of the server's documents. Each view names the fields it shows and no others.
#![expect(
    clippy::struct_field_names,
    reason = "the fields are named by the server's documents"
)]

mod admin;
mod batch;
mod dead_letters;
mod job;
mod replays;
mod service;

pub(crate) use admin::{Key, NewKey, Sums, Tenant, UsageReport};
pub(crate) use batch::{Batch, Counts};
pub(crate) use dead_letters::{
    AttemptCounts, DeadLetter, LetterGroup, LetterGroups, PurgePlan, Purged,
};
pub(crate) use job::{Accepted, Attempt, Job, Replayed};
pub(crate) use replays::{AuditEntry, Replay, ReplayAccepted, ReplayPlan, ReplayedJob};
pub(crate) use service::{Health, OwnKey, Readiness};

use serde::Deserialize;
use serde_json::value::RawValue;

/// A page of a list, its entries as they came.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) data: Vec<Box<RawValue>>,
    pub(crate) next_cursor: Option<String>,
}
