//! What a job's row remembers as JSON: attempts, replays, dropped answers, and the latest error.

use crate::clock::Instant;
use crate::configuration::Cost;
use crate::error_code::ErrorCode;
use crate::ids::{AuditId, ReplayId};
use crate::provider::Usage;
use serde::{Deserialize, Serialize};

/// One finished attempt, as the job's history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptRecord {
    /// Numbered from 1, never reused.
    pub attempt: u32,
    /// When the attempt claimed the job.
    pub started_at_ms: Instant,
    /// When it ended, or was found to have ended.
    pub finished_at_ms: Instant,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Why it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// Which provider was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether it was asked at all: it is not while its circuit is open or its limits are reached.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub called: bool,
    /// The provider's HTTP status, when it answered with an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_status: Option<u16>,
    /// The row of the decision table that decided, for a provider's reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u8>,
    /// Whether the provider may have charged for a call that gave no answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub possibly_billed: bool,
    /// What the provider counted, where it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What that cost, in micro-dollars, where tokens and price are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<Cost>,
    /// The answer that the provider works on, to be asked for by the next attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
    /// The providers of the chain before this one, each with why it was passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<FallbackRecord>,
}

/// A provider of the chain that was passed over in an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FallbackRecord {
    /// Who.
    pub provider: String,
    /// The model.
    pub model: String,
    /// When it was asked, or would have been.
    pub started_at_ms: Instant,
    /// When it had answered.
    pub finished_at_ms: Instant,
    /// Why the next one was asked.
    pub code: ErrorCode,
    /// Whether it was asked at all: it is not while its circuit is open or its limits are reached.
    pub called: bool,
    /// Its HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_status: Option<u16>,
    /// The row of the decision table that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u8>,
    /// Whether later attempts of this job pass it over as well, because nothing will have changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lasting: bool,
    /// Before this instant later attempts pass it over as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at_ms: Option<Instant>,
    /// Whether the provider may have charged for a call that gave no answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub possibly_billed: bool,
    /// What the provider counted, where it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What that cost, in micro-dollars, where tokens and price are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<Cost>,
}

/// One replay of a dead letter, as the job keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayRecord {
    /// The id of the entry in the audit log.
    pub audit_id: AuditId,
    /// When it was asked for.
    pub at_ms: Instant,
    /// The id of the key that asked.
    pub actor: String,
    /// The latest attempt before it.
    pub after_attempt: u32,
    /// Why the job had been dead-lettered.
    pub code: ErrorCode,
    /// The replay of many letters that it was one of; `None`: of this one letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_id: Option<ReplayId>,
}

/// An answer that met a closed fence: it was dropped, and this is what it cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DroppedAnswer {
    /// The attempt that brought it.
    pub attempt: u32,
    /// When it came.
    pub finished_at_ms: Instant,
    /// Who answered; of an attempt without an answer, the last provider that may charge for it.
    pub provider: String,
    /// The model that answered, as the provider names it; without an answer, the one asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What the provider counted; `None` when it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What that cost, in micro-dollars, where tokens and price are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<Cost>,
    /// The providers that were asked before this one in the same attempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<FallbackRecord>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// With the answer.
    Succeeded,
    /// With a failure that counts against the budget or ends the job.
    Failed,
    /// Postponed without blame.
    Deferred,
    /// Its lease ran out, and the job was taken over.
    Rescued,
    /// It was under way when the job was cancelled.
    Cancelled,
    /// In a way that only a later version knows.
    #[serde(other)]
    Unknown,
}

/// What is known of the latest failure, beside its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetail {
    /// What happened and what to do, in our words.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The code of the attempt that led here, where the job's own code says only that it ended:
    /// `attempts_exhausted`, `deadline_exceeded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<ErrorCode>,
    /// Which provider was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The provider's HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_status: Option<u16>,
    /// The provider's own name for the call, to quote in a complaint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_request_id: Option<String>,
    /// The row of the decision table that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u8>,
    /// The provider's own words, redacted, at most 2 KiB; for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// What the model had said before a filter stopped it or it declined, at most 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_output: Option<String>,
}

impl ErrorDetail {
    /// An error that no provider's reply brought.
    #[must_use]
    pub fn ours(message: impl Into<String>, retryable: bool) -> Self {
        Self {
            message: message.into(),
            retryable,
            cause: None,
            provider: None,
            model: None,
            provider_status: None,
            provider_request_id: None,
            row: None,
            excerpt: None,
            partial_output: None,
        }
    }
}
