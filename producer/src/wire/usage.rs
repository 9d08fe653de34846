use redrive_shared::configuration::Cost;
use redrive_shared::usage::{GroupBy, UsageSums};
use serde::Serialize;
use utoipa::ToSchema;

/// What the tenant's calls to providers used.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageReport {
    /// The first day, in UTC.
    #[schema(example = "2026-10-23")]
    pub(crate) from: String,
    /// The last day, in UTC; it is part of the report.
    #[schema(example = "2026-11-21")]
    pub(crate) to: String,
    /// By what the entries are grouped.
    pub(crate) group_by: GroupBy,
    /// In the order of their names; a day, model or provider without a call has no entry.
    pub(crate) data: Vec<UsageGroup>,
    /// All entries together.
    pub(crate) total: UsageTotals,
    /// Whether there was too much to add up, so that the earliest days may be missing: ask for
    /// fewer days.
    pub(crate) truncated: bool,
}

/// What the calls of one day, model or provider used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UsageGroup {
    /// The day in UTC on which the attempts ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2026-11-21")]
    pub(crate) day: Option<String>,
    /// The model that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) model: Option<String>,
    /// The provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) provider: Option<String>,
    /// The sums.
    #[serde(flatten)]
    pub(crate) sums: UsageTotals,
}

/// Sums over calls. Each is of the calls for which the number is known; where it is known of none,
/// it is `null`, never 0.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageTotals {
    /// Times a provider was asked, once an attempt, whatever came of it.
    pub(crate) calls: u64,
    /// Those of them whose answer was taken.
    pub(crate) answers: u64,
    /// Tokens read.
    #[schema(required)]
    pub(crate) input_tokens: Option<u64>,
    /// Tokens written.
    #[schema(required)]
    pub(crate) output_tokens: Option<u64>,
    /// Those of the tokens read that the provider had in its cache.
    #[schema(required)]
    pub(crate) cached_tokens: Option<u64>,
    /// Those of the tokens written that went to reasoning.
    #[schema(required)]
    pub(crate) reasoning_tokens: Option<u64>,
    /// Millionths of a US dollar, by the prices that were configured when the call was made.
    #[schema(required)]
    pub(crate) cost_micro_usd: Option<Cost>,
    /// Calls that may be charged for, and of which no token is known: the sums lack them.
    pub(crate) calls_without_usage: u64,
    /// Calls of which tokens are known, and the cost is not: `costMicroUsd` lacks them.
    pub(crate) calls_without_price: u64,
}

impl From<UsageSums> for UsageTotals {
    fn from(sums: UsageSums) -> Self {
        Self {
            calls: sums.calls,
            answers: sums.answers,
            input_tokens: sums.input_tokens,
            output_tokens: sums.output_tokens,
            cached_tokens: sums.cached_tokens,
            reasoning_tokens: sums.reasoning_tokens,
            cost_micro_usd: sums.cost_micro_usd,
            calls_without_usage: sums.calls_without_usage,
            calls_without_price: sums.calls_without_price,
        }
    }
}
