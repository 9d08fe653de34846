use std::collections::BTreeMap;

use serde::Deserialize;

/// A batch.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Batch {
    pub(crate) batch_id: String,
    pub(crate) name: Option<String>,
    pub(crate) status: String,
    pub(crate) created_at: String,
    pub(crate) started_at: Option<String>,
    pub(crate) completed_at: Option<String>,
    #[serde(default)]
    pub(crate) lines: u64,
    #[serde(default)]
    pub(crate) invalid_lines: u64,
    #[serde(default)]
    pub(crate) counts: Counts,
    pub(crate) percent: Option<f64>,
    pub(crate) throughput_per_second: Option<f64>,
    pub(crate) estimated_end_at: Option<String>,
    pub(crate) cost_micro_usd: Option<u64>,
    pub(crate) error: Option<BatchError>,
    #[serde(default)]
    pub(crate) dead_letters_by_code: BTreeMap<String, u64>,
}

impl Batch {
    /// Whether nothing more comes, unless dead letters are replayed.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(
            self.status.as_str(),
            "completed" | "failed" | "cancelled" | "expired"
        )
    }
}

/// Why lines never became jobs.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BatchError {
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// Jobs by state.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Counts {
    pub(crate) pending: u64,
    pub(crate) queued: u64,
    pub(crate) running: u64,
    pub(crate) retry_scheduled: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) dead_lettered: u64,
    pub(crate) cancelled: u64,
}

impl Counts {
    /// Those that are still to end.
    pub(crate) const fn under_way(&self) -> u64 {
        self.pending + self.queued + self.running + self.retry_scheduled
    }

    /// Those that have ended, however.
    pub(crate) const fn ended(&self) -> u64 {
        self.succeeded + self.not_succeeded()
    }

    /// Those that ended without success.
    pub(crate) const fn not_succeeded(&self) -> u64 {
        self.failed + self.dead_lettered + self.cancelled
    }

    /// Each by its name.
    pub(crate) const fn named(&self) -> [(&'static str, u64); 8] {
        [
            ("pending", self.pending),
            ("queued", self.queued),
            ("running", self.running),
            ("retry_scheduled", self.retry_scheduled),
            ("succeeded", self.succeeded),
            ("failed", self.failed),
            ("dead_lettered", self.dead_lettered),
            ("cancelled", self.cancelled),
        ]
    }
}
