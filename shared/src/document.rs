//! The job document: what a client reads about a job, from the database or from the status cache.

mod cost;
mod dead_letter;
mod history;

pub use dead_letter::{CostDocument, CountsDocument, DeadLetterDocument, DeadLetterSummary};
pub use history::{
    AttemptDocument, DroppedAnswerDocument, FallbackDocument, ReplayDocument, UsageDocument,
};

use crate::configuration::Cost;
use crate::error_code::ErrorCode;
use crate::execute::{ProgramRun, TestReport};
use crate::ids::{BatchId, JobId, TenantId};
use crate::job::{ErrorDetail, JobRecord, JobState, Kind};
use crate::status_cache;
use cost::Costs;
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
    /// What all its calls cost, in millionths of a US dollar, where that is known: those of attempts
    /// that failed, of providers that were passed over, and of answers that were dropped as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cost_micro_usd: Option<Cost>,
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
    /// The batch it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub batch_id: Option<BatchId>,
    /// Its line in what was uploaded for the batch, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub line: Option<u32>,
    /// The client's own name for that line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub custom_id: Option<String>,
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
    /// The same in the provider's own word; absent where it gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub raw_finish_reason: Option<String>,
    /// What a filter or a refusal was about, in the provider's own word; absent where it gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stop_category: Option<String>,
    /// Whether the text was cut at a limit.
    pub truncated: bool,
    /// Codes of what is odd about the answer: `empty_output`, `tool_calls_not_kept`.
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
    /// The model it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub model: Option<String>,
    /// The provider's HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider_status: Option<u16>,
    /// What the model had said before a filter stopped it or it declined, at most 64 KiB; not in
    /// lists. It is deleted with the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub partial_output: Option<String>,
}

impl ErrorDocument {
    fn of(code: ErrorCode, error: ErrorDetail) -> Self {
        Self {
            code,
            message: error.message,
            retryable: error.retryable,
            provider: error.provider,
            model: error.model,
            provider_status: error.provider_status,
            partial_output: error.partial_output,
        }
    }
}

impl From<JobRecord> for JobDocument {
    fn from(record: JobRecord) -> Self {
        let cost = Costs::of(&record).cost_micro_usd;
        let result = record.result;
        let usage = UsageDocument::of_result(&result);
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
                        raw_finish_reason: result.raw_finish_reason,
                        stop_category: result.stop_category,
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
                .map(|(code, error)| ErrorDocument::of(code, error)),
            usage,
            cost_micro_usd: cost,
            provider,
            model: record.model,
            ref_type: record.ref_type,
            ref_id: record.ref_id,
            batch_id: record.batch_id,
            line: record.line,
            custom_id: record.custom_id,
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
