//! The dead-letter document: what an operator reads about a job that died, and what it cost.

use super::cost::Costs;
use super::{AttemptDocument, DroppedAnswerDocument, ReplayDocument};
use crate::clock::Instant;
use crate::configuration::Cost;
use crate::error_code::ErrorCode;
use crate::ids::{BatchId, JobId};
use crate::job::{JobRecord, JobState, Kind};
use crate::store::DeadLetterRecord;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A dead letter as the list gives it. Times are RFC 3339 in UTC with milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterSummary {
    /// The job.
    #[schema(value_type = String, example = "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub job_id: JobId,
    /// What was to be done for it.
    pub kind: Kind,
    /// Always `dead_lettered`.
    pub status: JobState,
    /// Why it died.
    pub code: ErrorCode,
    /// What happened and what to do.
    pub message: String,
    /// Why the latest attempt did not succeed, where `code` says only that there is no next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cause: Option<ErrorCode>,
    /// Which provider was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider: Option<String>,
    /// The provider's HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider_status: Option<u16>,
    /// The provider's own name for the call, to quote in a complaint.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider_request_id: Option<String>,
    /// The row of the decision table that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub row: Option<u8>,
    /// The provider's own words, at most 2 KiB; what looks like a secret is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub excerpt: Option<String>,
    /// The model asked for; absent: the deployment's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub model: Option<String>,
    /// The same for dead letters of one cause: `code:cause:provider:model:providerStatus`.
    #[schema(example = "attempts_exhausted:provider_error:openai:gpt-4o-mini:500")]
    pub fingerprint: String,
    /// The latest attempt's number, 0 before the first.
    pub attempt: u32,
    /// What became of its attempts.
    pub counts: CountsDocument,
    /// What it cost so far.
    pub cost: CostDocument,
    /// When it was submitted.
    pub created_at: String,
    /// When it died.
    pub dead_at: String,
    /// When no attempt began any more.
    pub deadline_at: String,
    /// When its request is deleted, after which it cannot be replayed; absent: it is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payload_expires_at: Option<String>,
    /// Whether its request is still there, so that it can be replayed.
    pub replayable: bool,
    /// Times an operator put it back, oldest first, the latest 20.
    pub replays: Vec<ReplayDocument>,
    /// The client's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ref_type: Option<String>,
    /// The client's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ref_id: Option<String>,
    /// The batch it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    pub batch_id: Option<BatchId>,
    /// Its line in what was uploaded for the batch, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub line: Option<u32>,
    /// The client's own name for that line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub custom_id: Option<String>,
    /// The client's own labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A dead letter with its history.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterDocument {
    /// What the list gives.
    #[serde(flatten)]
    pub summary: DeadLetterSummary,
    /// The finished attempts, oldest first, the latest 100.
    pub attempts: Vec<AttemptDocument>,
    /// Answers that came too late and were dropped, with what they cost.
    pub dropped_answers: Vec<DroppedAnswerDocument>,
}

/// What became of a job's attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CountsDocument {
    /// Attempts in all, those before a replay too.
    pub attempts: u32,
    /// Failures since the submit or the latest replay: they count against `maxAttempts`.
    pub failures: u32,
    /// Attempts postponed without blame.
    pub deferrals: u32,
    /// Attempts whose run stopped without a word; a replay leaves at most one.
    pub rescues: u32,
    /// Times the sweep sent the job's message again.
    pub dispatches: u32,
}

/// What a job cost, by the attempts of its history, the providers that they passed over, and the
/// answers that were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CostDocument {
    /// Tokens read; `null` where no provider said.
    #[schema(required)]
    pub input_tokens: Option<u64>,
    /// Tokens written; `null` where no provider said.
    #[schema(required)]
    pub output_tokens: Option<u64>,
    /// Tokens in all; `null` where no provider said.
    #[schema(required)]
    pub total_tokens: Option<u64>,
    /// Calls beyond these tokens that the provider may have charged for: it did not say.
    pub possibly_billed_calls: u32,
    /// Millionths of a US dollar, of the calls whose tokens and price are known; `null` where there
    /// is none.
    #[schema(required)]
    pub cost_micro_usd: Option<Cost>,
}

impl CostDocument {
    fn of(job: &JobRecord) -> Self {
        let costs = Costs::of(job);
        Self {
            input_tokens: costs.input_tokens,
            output_tokens: costs.output_tokens,
            total_tokens: costs.total_tokens,
            possibly_billed_calls: costs.untold_calls,
            cost_micro_usd: costs.cost_micro_usd,
        }
    }
}

impl From<DeadLetterRecord> for DeadLetterDocument {
    fn from(record: DeadLetterRecord) -> Self {
        let attempts = record.job.attempts.iter().cloned().map(Into::into);
        let dropped = record.job.dropped_answers.iter().cloned().map(Into::into);
        Self {
            attempts: attempts.collect(),
            dropped_answers: dropped.collect(),
            summary: record.into(),
        }
    }
}

impl From<DeadLetterRecord> for DeadLetterSummary {
    fn from(record: DeadLetterRecord) -> Self {
        let job = record.job;
        let cost = CostDocument::of(&job);
        let replayable = !job.payload_deleted;
        let error = job.error.as_ref();
        Self {
            job_id: job.id,
            kind: job.kind,
            status: job.state,
            code: job.error_code.unwrap_or(ErrorCode::Unknown),
            message: error.map(|error| error.message.clone()).unwrap_or_default(),
            cause: error.and_then(|error| error.cause),
            provider: error.and_then(|error| error.provider.clone()),
            provider_status: error.and_then(|error| error.provider_status),
            provider_request_id: error.and_then(|error| error.provider_request_id.clone()),
            row: error.and_then(|error| error.row),
            excerpt: error.and_then(|error| error.excerpt.clone()),
            model: job.model,
            fingerprint: record.fingerprint,
            attempt: job.attempt,
            counts: CountsDocument {
                attempts: job.attempt,
                failures: job.failures,
                deferrals: job.deferrals,
                rescues: job.rescues,
                dispatches: record.dispatches,
            },
            cost,
            created_at: job.created_at.to_rfc3339(),
            dead_at: job
                .completed_at
                .map(Instant::to_rfc3339)
                .unwrap_or_default(),
            deadline_at: job.deadline_at.to_rfc3339(),
            payload_expires_at: record
                .expires_at
                .filter(|_| replayable)
                .map(Instant::to_rfc3339),
            replayable,
            replays: job.replays.into_iter().map(Into::into).collect(),
            ref_type: job.ref_type,
            ref_id: job.ref_id,
            batch_id: job.batch_id,
            line: job.line,
            custom_id: job.custom_id,
            metadata: job.metadata,
        }
    }
}
