use std::time::Duration;

use redrive_shared::clock::Instant;
use serde::Deserialize;
use serde_json::Value;

use super::{Counts, LetterGroup};
use crate::entropy::now;

/// What a replay would do.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayPlan {
    pub(crate) matched: u64,
    #[serde(default)]
    pub(crate) payload_deleted: u64,
    #[serde(default)]
    pub(crate) groups: Vec<LetterGroup>,
    pub(crate) estimated_cost_micro_usd: Option<u64>,
    #[serde(default)]
    pub(crate) without_estimate: u64,
}

/// A replay was begun.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayAccepted {
    pub(crate) replay_id: String,
    pub(crate) matched: u64,
}

/// A replay of many dead letters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replay {
    pub(crate) replay_id: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) created_at: String,
    pub(crate) finished_at: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) filter: Option<Value>,
    pub(crate) overrides: Option<Value>,
    #[serde(default)]
    pub(crate) max_per_second: u64,
    pub(crate) sample: Option<Sample>,
    #[serde(default)]
    pub(crate) matched: u64,
    #[serde(default)]
    pub(crate) replayed: u64,
    #[serde(default)]
    pub(crate) skipped: u64,
    #[serde(default)]
    pub(crate) remaining: u64,
    #[serde(default)]
    pub(crate) outcomes: Counts,
    pub(crate) rate_per_second: Option<f64>,
    pub(crate) estimated_end_at: Option<String>,
    pub(crate) cost_micro_usd: Option<u64>,
}

impl Replay {
    /// Whether nothing more happens by itself: it is over and so are its jobs, or it waits for
    /// somebody to decide.
    pub(crate) fn is_settled(&self) -> bool {
        match self.status.as_str() {
            "completed" | "aborted" => self.outcomes.under_way() == 0,
            status => status == "paused",
        }
    }

    /// The time until everything is put back, as the server expects it.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let end = Instant::parse_rfc3339(self.estimated_end_at.as_deref()?)?;
        Some(end.duration_since(now()))
    }
}

/// The part of a replay that is tried first.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sample {
    pub(crate) count: u64,
    pub(crate) min_success_percent: u64,
    #[serde(default)]
    pub(crate) finished: u64,
    #[serde(default)]
    pub(crate) succeeded: u64,
}

/// A job of a replay.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayedJob {
    pub(crate) job_id: String,
    pub(crate) status: String,
}

/// An entry of the audit log.
#[derive(Debug, Deserialize)]
pub(crate) struct AuditEntry {
    pub(crate) at: String,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) detail: Option<Value>,
}
