//! A job: what it is, the states it can be in, and its row as the database gives it.

mod calls;
mod history;

pub(crate) use calls::Called;
pub use history::{
    AttemptOutcome, AttemptRecord, DroppedAnswer, ErrorDetail, FallbackRecord, ReplayRecord,
};

use crate::clock::Instant;
use crate::error_code::ErrorCode;
use crate::ids::{BatchId, JobId, TenantId};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// What is done for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A language model is asked for text.
    Generate,
    /// A program is run.
    Execute,
    /// A program is run against test cases.
    ExecuteTests,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Generate, Self::Execute, Self::ExecuteTests];

    /// The kind as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::Execute => "execute",
            Self::ExecuteTests => "execute_tests",
        }
    }
}

// `transition` says which state may follow which.
/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Accepted, and promised to run. A claim moves it out.
    Queued,
    /// Claimed by one attempt under a lease. The attempt's commit, or the sweep when the lease has
    /// run out, moves it out.
    Running,
    /// Waiting for its next attempt. A claim moves it out.
    RetryScheduled,
    /// Answered. Terminal.
    Succeeded,
    /// Refused for a reason that no retry can help; edit and submit again. Terminal.
    Failed,
    /// Not done, for a reason that an operator can put right. Terminal until replayed.
    DeadLettered,
    /// Stopped by its owner. Terminal.
    Cancelled,
}

impl JobState {
    /// Every state, in the order of the state machine.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Running,
        Self::RetryScheduled,
        Self::Succeeded,
        Self::Failed,
        Self::DeadLettered,
        Self::Cancelled,
    ];

    /// The state as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::RetryScheduled => "retry_scheduled",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::DeadLettered => "dead_lettered",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing but a replay moves the job out.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Queued | Self::Running | Self::RetryScheduled => false,
            Self::Succeeded | Self::Failed | Self::DeadLettered | Self::Cancelled => true,
        }
    }

    /// Whether the state can never change again, so that a cache may hold it: terminal, and not
    /// open to a replay.
    #[must_use]
    pub const fn is_immutable(self) -> bool {
        match self {
            Self::Succeeded | Self::Failed | Self::Cancelled => true,
            Self::Queued | Self::Running | Self::RetryScheduled | Self::DeadLettered => false,
        }
    }
}

/// Reads a column that holds JSON as text.
pub(crate) fn json_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let text = String::deserialize(deserializer)?;
    serde_json::from_str(&text).map_err(serde::de::Error::custom)
}

/// Reads a column that holds 0 or 1.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(u8::deserialize(deserializer)? != 0)
}

/// Reads a column that holds JSON as text, or NULL.
pub(crate) fn optional_json_text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    Option::<String>::deserialize(deserializer)?
        .map(|text| serde_json::from_str(&text).map_err(serde::de::Error::custom))
        .transpose()
}

/// A job as claimed by one attempt: everything the attempt needs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ClaimedJob {
    /// Whose job it is.
    pub tenant_id: TenantId,
    /// The job.
    pub id: JobId,
    /// What is to be done.
    pub kind: Kind,
    /// The number of this attempt: the fence.
    pub attempt: u32,
    /// Attempts so far that count against `max_attempts`.
    pub failures: u32,
    /// Attempts so far that were postponed without blame.
    pub deferrals: u32,
    /// Failures allowed.
    pub max_attempts: u32,
    /// When it was submitted.
    #[serde(rename = "created_at_ms")]
    pub created_at: Instant,
    /// No attempt begins after it.
    #[serde(rename = "deadline_at_ms")]
    pub deadline_at: Instant,
    /// When the lease runs out.
    #[serde(rename = "due_at_ms")]
    pub lease_until: Instant,
    /// When this attempt began.
    #[serde(rename = "started_at_ms")]
    pub started_at: Instant,
    /// The model asked for; `None`: the configured default.
    pub model: Option<String>,
    /// The latest attempt before the latest replay; 0 without one. What was before it counts for
    /// nothing that a budget limits.
    pub replayed_after: u32,
    /// The attempts before this one.
    #[serde(deserialize_with = "json_text")]
    pub attempts: Vec<AttemptRecord>,
    /// What the provider is asked, as stored at submission.
    pub request: String,
}

/// Where a job stands that a claim did not get.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct JobStanding {
    /// Whose job it is.
    pub tenant_id: TenantId,
    /// The job.
    pub id: JobId,
    /// Its state.
    pub state: JobState,
    /// Attempts whose lease ran out: a job that has one runs alone.
    pub rescues: u32,
    /// When it may run, or when its lease runs out; `None` when terminal.
    #[serde(rename = "due_at_ms")]
    pub due_at: Option<Instant>,
    /// No attempt begins after it.
    #[serde(rename = "deadline_at_ms")]
    pub deadline_at: Instant,
}

/// A job as its owner may see it, without the request.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct JobRecord {
    /// Whose job it is.
    pub tenant_id: TenantId,
    /// The job.
    pub id: JobId,
    /// What is done for it.
    pub kind: Kind,
    /// Where it stands.
    pub state: JobState,
    /// The latest attempt's number, 0 before the first.
    pub attempt: u32,
    /// Attempts that count against `max_attempts`.
    pub failures: u32,
    /// Attempts postponed without blame.
    pub deferrals: u32,
    /// Attempts whose lease ran out.
    pub rescues: u32,
    /// Failures allowed.
    pub max_attempts: u32,
    /// When it was submitted.
    #[serde(rename = "created_at_ms")]
    pub created_at: Instant,
    /// No attempt begins after it.
    #[serde(rename = "deadline_at_ms")]
    pub deadline_at: Instant,
    /// When it may run, or when its lease runs out; `None` when terminal.
    #[serde(rename = "due_at_ms")]
    pub due_at: Option<Instant>,
    /// Start of the latest attempt.
    #[serde(rename = "started_at_ms")]
    pub started_at: Option<Instant>,
    /// When it became terminal.
    #[serde(rename = "completed_at_ms")]
    pub completed_at: Option<Instant>,
    /// The model asked for, then the model that answered.
    pub model: Option<String>,
    /// Why the latest attempt did not succeed.
    pub error_code: Option<ErrorCode>,
    /// More of that.
    #[serde(deserialize_with = "optional_json_text")]
    pub error: Option<ErrorDetail>,
    /// The client's own reference.
    pub ref_type: Option<String>,
    /// The client's own reference.
    pub ref_id: Option<String>,
    /// The batch it belongs to.
    #[serde(default)]
    pub batch_id: Option<BatchId>,
    /// Its line in what was uploaded for the batch, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// The client's own name for that line.
    #[serde(default)]
    pub custom_id: Option<String>,
    /// The client's own labels.
    #[serde(deserialize_with = "json_text")]
    pub metadata: BTreeMap<String, String>,
    /// The finished attempts, the latest 100.
    #[serde(deserialize_with = "json_text")]
    pub attempts: Vec<AttemptRecord>,
    /// Its replays, oldest first.
    #[serde(deserialize_with = "json_text")]
    pub replays: Vec<ReplayRecord>,
    /// Answers that were dropped, in the order they came.
    #[serde(deserialize_with = "json_text")]
    pub dropped_answers: Vec<DroppedAnswer>,
    /// Whether request and output were deleted when their time was over.
    #[serde(deserialize_with = "flag")]
    pub payload_deleted: bool,
    /// The answer, where the statement joined it and there is one.
    #[serde(flatten)]
    pub result: ResultColumns,
}

/// The columns of `task_results` beside a job; all `None` without a result.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ResultColumns {
    /// The answer's text.
    #[serde(default)]
    pub output: Option<String>,
    /// Why the model stopped.
    #[serde(default)]
    pub finish_reason: Option<String>,
    /// The same in the provider's own word; `None` when it gave none.
    #[serde(default)]
    pub raw_finish_reason: Option<String>,
    /// What a filter or a refusal was about, in the provider's own word.
    #[serde(default)]
    pub stop_category: Option<String>,
    /// 1 when the answer was cut at a limit.
    #[serde(default)]
    pub truncated: Option<u8>,
    /// Codes of what is odd about the answer.
    #[serde(default, deserialize_with = "optional_json_text")]
    pub warnings: Option<Vec<String>>,
    /// Tokens read; `None` when the provider did not say.
    #[serde(default)]
    pub input_tokens: Option<u64>,
    /// Tokens written; `None` when the provider did not say.
    #[serde(default)]
    pub output_tokens: Option<u64>,
    /// Tokens in all; `None` when the provider did not say.
    #[serde(default)]
    pub total_tokens: Option<u64>,
    /// Those of the tokens read that the provider had in its cache; `None` when it did not say.
    #[serde(default)]
    pub cached_tokens: Option<u64>,
    /// Those of the tokens written that went to reasoning; `None` when the provider did not say.
    #[serde(default)]
    pub reasoning_tokens: Option<u64>,
    /// Who answered.
    #[serde(default)]
    pub provider: Option<String>,
    /// The provider's own id of the call.
    #[serde(default)]
    pub provider_request_id: Option<String>,
}
