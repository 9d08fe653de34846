//! The job document: what a client reads about a job, from the database or from the status cache.

mod dead_letter;

pub use dead_letter::{CostDocument, CountsDocument, DeadLetterDocument, DeadLetterSummary};

use crate::error_code::ErrorCode;
use crate::execute::{ProgramRun, TestReport};
use crate::ids::{AuditId, JobId, TenantId};
use crate::job::{
    AttemptOutcome, AttemptRecord, DroppedAnswer, JobRecord, JobState, Kind, ReplayRecord,
};
use crate::provider::Usage;
use crate::status_cache;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A job as its owner reads it. Times are RFC 3339 in UTC with milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobDocument {
    /// The job.
    #[schema(value_type = String, example = "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub job_id: JobId,
    /// What is done for it.
    pub kind: Kind,
    /// Where it stands.
    pub status: JobState,
    /// The latest attempt's number, 0 before the first.
    pub attempt: u32,
    /// When it was submitted.
    pub created_at: String,
    /// When no attempt begins any more.
    pub deadline_at: String,
    /// When the latest attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub started_at: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub completed_at: Option<String>,
    /// When the next attempt may begin, while one is scheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_attempt_at: Option<String>,
    /// The answer, of a job that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub result: Option<ResultDocument>,
    /// Why the latest attempt did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<ErrorDocument>,
    /// Tokens, where the provider said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub usage: Option<UsageDocument>,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider: Option<String>,
    /// The model asked for, then the model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub model: Option<String>,
    /// The client's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ref_type: Option<String>,
    /// The client's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ref_id: Option<String>,
    /// The client's own labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The finished attempts, oldest first, the latest 100.
    pub attempts: Vec<AttemptDocument>,
    /// Times an operator put the job back, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replays: Vec<ReplayDocument>,
    /// Answers that came too late and were dropped, with what they cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped_answers: Vec<DroppedAnswerDocument>,
    /// Request and output were deleted when their time was over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub payload_deleted: bool,
}

/// One replay of a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplayDocument {
    /// When it was asked for.
    pub at: String,
    /// The id of the key that asked.
    pub actor: String,
    /// The latest attempt before it.
    pub after_attempt: u32,
    /// Why the job had been dead-lettered.
    pub code: ErrorCode,
    /// Its entry in the audit log.
    #[schema(value_type = String, example = "aud_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub audit_id: AuditId,
}

impl From<ReplayRecord> for ReplayDocument {
    fn from(record: ReplayRecord) -> Self {
        Self {
            at: record.at_ms.to_rfc3339(),
            actor: record.actor,
            after_attempt: record.after_attempt,
            code: record.code,
            audit_id: record.audit_id,
        }
    }
}

/// An answer that met a closed fence: the job had ended, or another attempt had taken it over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DroppedAnswerDocument {
    /// The attempt that brought it.
    pub attempt: u32,
    /// When it came.
    pub finished_at: String,
    /// Who answered.
    pub provider: String,
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub model: Option<String>,
    /// Tokens, where the provider said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub usage: Option<UsageDocument>,
}

impl From<DroppedAnswer> for DroppedAnswerDocument {
    fn from(dropped: DroppedAnswer) -> Self {
        Self {
            attempt: dropped.attempt,
            finished_at: dropped.finished_at_ms.to_rfc3339(),
            provider: dropped.provider,
            model: dropped.model,
            usage: dropped.usage.map(Into::into),
        }
    }
}

/// What a job brought, by its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ResultDocument {
    /// Of `generate`: the answer.
    Answer(AnswerDocument),
    /// Of `execute_tests`: one verdict a case.
    Tests(TestReport),
    /// Of `execute`: what the program did.
    Run(ProgramRun),
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerDocument {
    /// The text the model wrote.
    pub output: String,
    /// Why the model stopped: `stop`, `length`, `tool_calls`, `content_filter`, `refusal`, `other`.
    pub finish_reason: String,
    /// Whether the text was cut at a limit.
    pub truncated: bool,
    /// Codes of what is odd about the answer, such as `empty_output`.
    pub warnings: Vec<String>,
}

/// Why an attempt did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDocument {
    /// The bounded code.
    pub code: ErrorCode,
    /// What happened and what to do.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Which provider was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider: Option<String>,
    /// The provider's HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider_status: Option<u16>,
}

/// Tokens as the provider counted them; a number it did not give is `null`, never 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageDocument {
    /// Tokens read.
    #[schema(required)]
    pub input_tokens: Option<u64>,
    /// Tokens written.
    #[schema(required)]
    pub output_tokens: Option<u64>,
    /// Tokens in all.
    #[schema(required)]
    pub total_tokens: Option<u64>,
}

impl From<Usage> for UsageDocument {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            total_tokens: usage.total_tokens,
        }
    }
}

/// One finished attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptDocument {
    /// Numbered from 1, never reused.
    pub attempt: u32,
    /// When it claimed the job.
    pub started_at: String,
    /// When it ended, or was found to have ended.
    pub finished_at: String,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Why it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code: Option<ErrorCode>,
    /// Which provider was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider: Option<String>,
    /// The provider's HTTP status, when it answered with an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider_status: Option<u16>,
    /// Whether the provider may have charged for a call that gave no answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub possibly_billed: bool,
    /// Tokens, where the provider said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub usage: Option<UsageDocument>,
}

impl From<AttemptRecord> for AttemptDocument {
    fn from(record: AttemptRecord) -> Self {
        Self {
            attempt: record.attempt,
            started_at: record.started_at_ms.to_rfc3339(),
            finished_at: record.finished_at_ms.to_rfc3339(),
            outcome: record.outcome,
            code: record.code,
            provider: record.provider,
            provider_status: record.provider_status,
            possibly_billed: record.possibly_billed,
            usage: record.usage.map(Into::into),
        }
    }
}

impl From<JobRecord> for JobDocument {
    fn from(record: JobRecord) -> Self {
        let result = record.result;
        let usage = UsageDocument {
            input_tokens: result.input_tokens,
            output_tokens: result.output_tokens,
            total_tokens: result.total_tokens,
        };
        let told = usage
            .input_tokens
            .or(usage.output_tokens)
            .or(usage.total_tokens)
            .is_some();
        let next_attempt_at = match record.state {
            JobState::RetryScheduled => record.due_at,
            JobState::Queued
            | JobState::Running
            | JobState::Succeeded
            | JobState::Failed
            | JobState::DeadLettered
            | JobState::Cancelled => None,
        };
        let provider = result
            .provider
            .or_else(|| record.error.as_ref()?.provider.clone());
        Self {
            job_id: record.id,
            kind: record.kind,
            status: record.state,
            attempt: record.attempt,
            created_at: record.created_at.to_rfc3339(),
            deadline_at: record.deadline_at.to_rfc3339(),
            started_at: record.started_at.map(crate::clock::Instant::to_rfc3339),
            completed_at: record.completed_at.map(crate::clock::Instant::to_rfc3339),
            next_attempt_at: next_attempt_at.map(crate::clock::Instant::to_rfc3339),
            result: result.output.filter(|_| !record.payload_deleted).and_then(
                |output| match record.kind {
                    Kind::Generate => Some(ResultDocument::Answer(AnswerDocument {
                        output,
                        finish_reason: result.finish_reason.unwrap_or_default(),
                        truncated: result.truncated == Some(1),
                        warnings: result.warnings.unwrap_or_default(),
                    })),
                    // The consumer wrote it, so it can be read.
                    Kind::Execute => serde_json::from_str(&output).ok().map(ResultDocument::Run),
                    Kind::ExecuteTests => serde_json::from_str(&output)
                        .ok()
                        .map(ResultDocument::Tests),
                },
            ),
            error: record
                .error_code
                .zip(record.error)
                .map(|(code, error)| ErrorDocument {
                    code,
                    message: error.message,
                    retryable: error.retryable,
                    provider: error.provider,
                    provider_status: error.provider_status,
                }),
            usage: told.then_some(usage),
            provider,
            model: record.model,
            ref_type: record.ref_type,
            ref_id: record.ref_id,
            metadata: record.metadata,
            attempts: record.attempts.into_iter().map(Into::into).collect(),
            replays: record.replays.into_iter().map(Into::into).collect(),
            dropped_answers: record.dropped_answers.into_iter().map(Into::into).collect(),
            payload_deleted: record.payload_deleted,
        }
    }
}

impl JobDocument {
    /// The entry for the status cache, as key and text: only of a state that can never change.
    #[must_use]
    pub fn cache_entry(&self, tenant: &TenantId) -> Option<(String, String)> {
        if !self.status.is_immutable() {
            return None;
        }
        let text = serde_json::to_string(self).ok()?;
        Some((status_cache::key(tenant, &self.job_id), text))
    }
}
