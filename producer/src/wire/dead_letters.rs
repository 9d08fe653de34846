use redrive_shared::clock::Instant;
use redrive_shared::configuration::Cost;
use redrive_shared::document::DeadLetterSummary;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::store::{DeadLetterGroup, DeadLetterGroups};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of dead letters.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadLetterPage {
    /// The dead letters, by the age of their jobs, newest first; without `attempts` and
    /// `droppedAnswers`: read one for those.
    pub(crate) data: Vec<DeadLetterSummary>,
    /// What to send as `cursor` for the next page, with the same filters; `null` on the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// Dead letters by their causes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetterGroupList {
    /// Those of the most letters first, at most 100.
    pub(crate) data: Vec<DeadLetterGroupDocument>,
    /// Letters in all, those of groups that were left out too.
    pub(crate) total: u64,
    /// Whether groups were left out.
    pub(crate) truncated: bool,
}

impl From<DeadLetterGroups> for DeadLetterGroupList {
    fn from(read: DeadLetterGroups) -> Self {
        Self {
            data: read.groups.into_iter().map(Into::into).collect(),
            total: read.letters,
            truncated: read.is_cut,
        }
    }
}

/// Dead letters of one cause.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadLetterGroupDocument {
    /// What they share: `code:cause:provider:model:providerStatus`.
    #[schema(example = "attempts_exhausted:provider_error:openai:gpt-4o-mini:500")]
    pub(crate) fingerprint: String,
    /// Why they died.
    pub(crate) code: ErrorCode,
    /// Which provider their latest attempts asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "openai")]
    pub(crate) provider: Option<String>,
    /// The model asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "gpt-4o-mini")]
    pub(crate) model: Option<String>,
    /// How many there are.
    pub(crate) count: u64,
    /// When the first of them died.
    pub(crate) first_at: String,
    /// When the last of them died.
    pub(crate) last_at: String,
    /// One of them: the newest job.
    #[schema(example = "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) sample_job_id: String,
    /// What their calls cost so far, in millionths of a US dollar, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) cost_micro_usd: Option<Cost>,
}

impl From<DeadLetterGroup> for DeadLetterGroupDocument {
    fn from(group: DeadLetterGroup) -> Self {
        Self {
            fingerprint: group.fingerprint,
            code: group.code,
            provider: group.provider,
            model: group.model,
            count: group.letters,
            first_at: Instant::to_rfc3339(group.first_at),
            last_at: Instant::to_rfc3339(group.last_at),
            sample_job_id: group.sample.to_string(),
            cost_micro_usd: group.cost_micro_usd,
        }
    }
}
