use serde::Deserialize;

use super::{Attempt, Replayed};

/// A dead letter; without attempts in lists.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadLetter {
    pub(crate) job_id: String,
    pub(crate) kind: String,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) cause: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) provider_status: Option<u16>,
    pub(crate) provider_request_id: Option<String>,
    pub(crate) excerpt: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) fingerprint: String,
    pub(crate) counts: AttemptCounts,
    pub(crate) cost: Option<LetterCost>,
    pub(crate) created_at: String,
    pub(crate) dead_at: String,
    pub(crate) payload_expires_at: Option<String>,
    pub(crate) replayable: bool,
    #[serde(default)]
    pub(crate) replays: Vec<Replayed>,
    #[serde(default)]
    pub(crate) attempts: Vec<Attempt>,
}

/// What became of a dead letter's attempts.
#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct AttemptCounts {
    pub(crate) attempts: u64,
    pub(crate) failures: u64,
    pub(crate) deferrals: u64,
    pub(crate) rescues: u64,
}

/// What a dead letter has cost.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LetterCost {
    pub(crate) cost_micro_usd: Option<u64>,
}

/// Dead letters by cause.
#[derive(Debug, Deserialize)]
pub(crate) struct LetterGroups {
    pub(crate) data: Vec<LetterGroup>,
    pub(crate) total: u64,
    #[serde(default)]
    pub(crate) truncated: bool,
}

/// Dead letters of one cause.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LetterGroup {
    pub(crate) fingerprint: String,
    pub(crate) code: String,
    pub(crate) provider: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) count: u64,
    pub(crate) first_at: String,
    pub(crate) last_at: String,
    pub(crate) sample_job_id: Option<String>,
    pub(crate) cost_micro_usd: Option<u64>,
}

/// What a purge would do.
#[derive(Debug, Deserialize)]
pub(crate) struct PurgePlan {
    pub(crate) matched: u64,
    #[serde(default)]
    pub(crate) groups: Vec<LetterGroup>,
}

/// What a purge did.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Purged {
    pub(crate) purged: u64,
    #[serde(default)]
    pub(crate) remaining: u64,
    pub(crate) audit_id: String,
}
