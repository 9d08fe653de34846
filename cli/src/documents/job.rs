use serde::Deserialize;
use serde_json::Value;

/// A job was accepted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Accepted {
    pub(crate) job_id: String,
}

/// A job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    pub(crate) job_id: String,
    pub(crate) kind: String,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) attempt: u32,
    pub(crate) created_at: String,
    pub(crate) started_at: Option<String>,
    pub(crate) completed_at: Option<String>,
    pub(crate) next_attempt_at: Option<String>,
    pub(crate) deadline_at: Option<String>,
    pub(crate) result: Option<Value>,
    pub(crate) error: Option<JobError>,
    pub(crate) usage: Option<Usage>,
    pub(crate) cost_micro_usd: Option<u64>,
    pub(crate) provider: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) ref_type: Option<String>,
    pub(crate) ref_id: Option<String>,
    pub(crate) batch_id: Option<String>,
    pub(crate) custom_id: Option<String>,
    pub(crate) line: Option<u64>,
    #[serde(default)]
    pub(crate) attempts: Vec<Attempt>,
    #[serde(default)]
    pub(crate) replays: Vec<Replayed>,
    #[serde(default)]
    pub(crate) payload_deleted: bool,
}

impl Job {
    /// Whether nothing but a replay moves it any more. A state of a newer server is taken for one
    /// that does not last.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(
            self.status.as_str(),
            "succeeded" | "failed" | "dead_lettered" | "cancelled"
        )
    }

    /// The owner's reference in one word.
    pub(crate) fn reference(&self) -> String {
        match (&self.ref_type, &self.ref_id) {
            (Some(kind), Some(id)) => format!("{kind}/{id}"),
            _ => String::new(),
        }
    }
}

/// Why a job or an attempt did not succeed.
#[derive(Debug, Deserialize)]
pub(crate) struct JobError {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// Tokens.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
}

/// One attempt of a job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attempt {
    pub(crate) attempt: u32,
    pub(crate) outcome: String,
    pub(crate) code: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) started_at: Option<String>,
    pub(crate) finished_at: Option<String>,
}

/// A time when somebody put a job back.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replayed {
    pub(crate) at: String,
    pub(crate) actor: String,
    pub(crate) after_attempt: u32,
    /// Why the job had died.
    pub(crate) code: String,
    /// The replay of many that it was one of.
    pub(crate) replay_id: Option<String>,
}
