//! What became of a job so far: its attempts, its replays, and the answers that were dropped.

use crate::configuration::Cost;
use crate::error_code::ErrorCode;
use crate::ids::{AuditId, ReplayId};
use crate::job::{
    AttemptOutcome, AttemptRecord, DroppedAnswer, FallbackRecord, ReplayRecord, ResultColumns,
};
use crate::provider::Usage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// Those of the tokens read that the provider had in its cache; absent where it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cached_tokens: Option<u64>,
    /// Those of the tokens written that went to reasoning; absent where the provider did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reasoning_tokens: Option<u64>,
}

impl UsageDocument {
    /// The tokens of an answer; `None` when the provider counted none.
    pub(super) fn of_result(result: &ResultColumns) -> Option<Self> {
        let told = result
            .input_tokens
            .or(result.output_tokens)
            .or(result.total_tokens);
        told.is_some().then_some(Self {
            input_tokens: result.input_tokens,
            output_tokens: result.output_tokens,
            total_tokens: result.total_tokens,
            cached_tokens: result.cached_tokens,
            reasoning_tokens: result.reasoning_tokens,
        })
    }
}

impl From<Usage> for UsageDocument {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            total_tokens: usage.total_tokens,
            cached_tokens: usage.cached_tokens,
            reasoning_tokens: usage.reasoning_tokens,
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
    /// The model it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub model: Option<String>,
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
    /// What that cost, in millionths of a US dollar, where tokens and price are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cost_micro_usd: Option<Cost>,
    /// The providers of the chain that were passed over before this one, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<FallbackDocument>,
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
            model: record.model,
            provider_status: record.provider_status,
            possibly_billed: record.possibly_billed,
            usage: record.usage.map(Into::into),
            cost_micro_usd: record.cost_micro_usd,
            fallbacks: record.fallbacks.into_iter().map(Into::into).collect(),
        }
    }
}

/// A provider of the chain that was passed over in an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FallbackDocument {
    /// Who.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Why the next one was asked.
    pub code: ErrorCode,
    /// Whether it was asked at all: it is not while its circuit is open, its limits are reached, or
    /// it wants to be left alone.
    pub called: bool,
    /// Its HTTP status, when it answered with an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider_status: Option<u16>,
    /// When it was asked, or would have been.
    pub started_at: String,
    /// When it had answered.
    pub finished_at: String,
    /// Whether it may have charged for a call that gave no answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub possibly_billed: bool,
    /// Tokens, where it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub usage: Option<UsageDocument>,
    /// What that cost, in millionths of a US dollar, where tokens and price are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cost_micro_usd: Option<Cost>,
}

impl From<FallbackRecord> for FallbackDocument {
    fn from(record: FallbackRecord) -> Self {
        Self {
            provider: record.provider,
            model: record.model,
            code: record.code,
            called: record.called,
            provider_status: record.provider_status,
            started_at: record.started_at_ms.to_rfc3339(),
            finished_at: record.finished_at_ms.to_rfc3339(),
            possibly_billed: record.possibly_billed,
            usage: record.usage.map(Into::into),
            cost_micro_usd: record.cost_micro_usd,
        }
    }
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
    /// The replay of many letters that it was one of; absent: of this one letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String, example = "rep_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub replay_id: Option<ReplayId>,
}

impl From<ReplayRecord> for ReplayDocument {
    fn from(record: ReplayRecord) -> Self {
        Self {
            at: record.at_ms.to_rfc3339(),
            actor: record.actor,
            after_attempt: record.after_attempt,
            code: record.code,
            audit_id: record.audit_id,
            replay_id: record.replay_id,
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
    /// Who answered; of an attempt without an answer, the last provider that may charge for it.
    pub provider: String,
    /// The model that answered; without an answer, the one asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub model: Option<String>,
    /// Tokens, where the provider said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub usage: Option<UsageDocument>,
    /// What that cost, in millionths of a US dollar, where tokens and price are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cost_micro_usd: Option<Cost>,
    /// The providers that were asked before this one in the same attempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<FallbackDocument>,
}

impl From<DroppedAnswer> for DroppedAnswerDocument {
    fn from(dropped: DroppedAnswer) -> Self {
        Self {
            attempt: dropped.attempt,
            finished_at: dropped.finished_at_ms.to_rfc3339(),
            provider: dropped.provider,
            model: dropped.model,
            usage: dropped.usage.map(Into::into),
            cost_micro_usd: dropped.cost_micro_usd,
            fallbacks: dropped.fallbacks.into_iter().map(Into::into).collect(),
        }
    }
}
