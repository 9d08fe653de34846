//! The bodies of answers, but for the job document and the problem document.

mod audit;
mod batches;
mod dead_letters;
pub(crate) mod replays;
mod usage;

pub(crate) use audit::{AuditPage, PurgeDocument, PurgedDocument};
pub(crate) use batches::{BatchAcceptedDocument, BatchDocument, BatchPage, ResultLine};
pub(crate) use dead_letters::{DeadLetterGroupList, DeadLetterPage};
pub(crate) use replays::{
    ReplayAcceptedDocument, ReplayPage, ReplayPreviewDocument, ReplayTaskDocument, ReplayedJobPage,
};
pub(crate) use usage::{UsageGroup, UsageReport, UsageTotals};

use redrive_shared::access::Scopes;
use redrive_shared::circuit::CircuitState;
use redrive_shared::document::JobDocument;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::execute::LanguageDocument;
use redrive_shared::request::{Target, Wanted};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Says that the Worker runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HealthDocument {
    /// Always `ok`.
    #[schema(example = "ok")]
    pub(crate) status: &'static str,
    /// The present time, RFC 3339 in UTC.
    #[schema(example = "2026-11-21T10:55:17.372Z")]
    pub(crate) timestamp: String,
}

/// Says whether jobs can be accepted and run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReadyDocument {
    /// `ready` when every check is, `not_ready` otherwise.
    #[schema(example = "ready")]
    pub(crate) status: &'static str,
    /// By name: `settings`, `database`, `cache`, `queue`, `consumer`.
    pub(crate) checks: BTreeMap<&'static str, CheckDocument>,
}

/// What one check found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CheckDocument {
    /// Whether all is well.
    pub(crate) ok: bool,
    /// What to put right.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) detail: Option<String>,
}

/// Says that a job was accepted.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcceptedDocument {
    /// Always `true`.
    pub(crate) success: bool,
    /// The job.
    #[schema(example = "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) job_id: String,
    /// Always `queued`.
    #[schema(example = "queued")]
    pub(crate) status: &'static str,
    /// Where to read the job from now on; absolute.
    #[schema(
        example = "https://jobs.example.com/api/v1/jobs/job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00"
    )]
    pub(crate) status_url: String,
}

/// A page of jobs.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobPage {
    /// The jobs, newest first, without `result`, `usage` and `provider`: read one job for those.
    pub(crate) data: Vec<JobDocument>,
    /// What to send as `cursor` for the next page, with the same filters; `null` on the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// The languages that jobs may name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LanguageList {
    /// In the order of their names.
    pub(crate) data: Vec<LanguageDocument>,
}

/// The providers that jobs may ask.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProviderList {
    /// By name.
    pub(crate) data: Vec<ProviderDocument>,
    /// Whom a job of this key's tenant asks, in this order, that names nobody; empty: such a job is
    /// refused.
    pub(crate) default_providers: Vec<Target>,
}

/// A provider that jobs may ask.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProviderDocument {
    /// What a request calls it.
    #[schema(example = "openai")]
    pub(crate) name: String,
    /// `openai`, `azure_openai`, `anthropic`, `workers_ai` or `openai_compatible`.
    #[schema(example = "openai")]
    pub(crate) kind: &'static str,
    /// Which of its interfaces is spoken: `chat` or `responses`.
    #[schema(example = "chat")]
    pub(crate) api: &'static str,
    /// The model of jobs that name none; absent: such a job is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "gpt-4o-mini")]
    pub(crate) default_model: Option<String>,
    /// Whether only the models listed here may be asked for.
    pub(crate) only_these_models: bool,
    /// The models of which something is known, by name.
    pub(crate) models: Vec<ModelDocument>,
}

/// What is known of a model.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelDocument {
    /// What a request calls it.
    #[schema(example = "gpt-4o-mini")]
    pub(crate) model: String,
    /// Tokens that prompt and answer may have together; absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 128_000)]
    pub(crate) context_tokens: Option<u32>,
    /// Tokens that an answer may have; absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 16_384)]
    pub(crate) max_output_tokens: Option<u32>,
    /// What it costs; absent: not known, and so is the cost of its jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) price: Option<PriceDocument>,
}

/// What a million tokens cost, in millionths of a dollar: 0.15 dollars are 150,000.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PriceDocument {
    /// Of the prompt.
    #[schema(example = 150_000)]
    pub(crate) input_micro_usd: u64,
    /// Of the prompt, what the provider had in its cache; absent: as much as the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 75_000)]
    pub(crate) cached_input_micro_usd: Option<u64>,
    /// Of the answer, reasoning included.
    #[schema(example = 600_000)]
    pub(crate) output_micro_usd: u64,
    /// The day on which the price was read.
    #[schema(example = "2026-11-21")]
    pub(crate) priced_at: String,
    /// The page that said it.
    pub(crate) source: String,
}

/// The circuits that are not closed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CircuitList {
    /// By provider, model and key; at most 1,000.
    pub(crate) data: Vec<CircuitDocument>,
}

/// A circuit that is not closed: while it is open, no call is made, and jobs wait without blame.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CircuitDocument {
    /// Who is not called.
    #[schema(example = "openai")]
    pub(crate) provider: String,
    /// For this model.
    #[schema(example = "gpt-4o-mini")]
    pub(crate) model: String,
    /// With this key: the first digits of its SHA-256 in hex; empty without a key.
    #[schema(example = "9f86d081884c")]
    pub(crate) credential: String,
    /// Whether it is open, or one attempt is probing.
    pub(crate) state: CircuitState,
    /// Why it was opened.
    pub(crate) code: ErrorCode,
    /// When it was opened.
    pub(crate) opened_at: String,
    /// Open: no call is made before; in the past, the next job that comes probes. Half open: when
    /// the probe counts as lost.
    pub(crate) until: String,
}

/// A tenant: whoever owns jobs and keys.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantDocument {
    /// The tenant.
    #[schema(example = "ten_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) tenant_id: String,
    /// What the operator calls it.
    pub(crate) name: String,
    /// Days from a job's end to its deletion.
    #[schema(example = 30)]
    pub(crate) retention_days: u32,
    /// Days from a job's end to the deletion of its request and output. A dead letter cannot be
    /// replayed after that.
    #[schema(example = 7)]
    pub(crate) payload_retention_days: u32,
    /// Whom its jobs ask, in this order, that name nobody; absent: as the deployment says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) default_providers: Vec<Wanted>,
    /// When it was made.
    pub(crate) created_at: String,
}

/// A page of tenants.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantPage {
    /// The tenants, oldest first.
    pub(crate) data: Vec<TenantDocument>,
    /// What to send as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// An API key, without the key itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyDocument {
    /// Names the key; it is not the key.
    #[schema(example = "key_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) key_id: String,
    /// The key's first characters, to recognise it by.
    #[schema(example = "rd_live_7hKq")]
    pub(crate) start: String,
    /// Whose key it is.
    #[schema(example = "ten_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) tenant_id: String,
    /// What its owner calls it.
    pub(crate) name: String,
    /// What it may be used for.
    #[schema(value_type = Vec<redrive_shared::access::Scope>)]
    pub(crate) scopes: Scopes,
    /// When it was made.
    pub(crate) created_at: String,
    /// From when on it is refused; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) expires_at: Option<String>,
    /// When it was revoked; absent: it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) revoked_at: Option<String>,
}

/// A new API key, with the key itself. It is shown this once, and stored nowhere.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NewKeyDocument {
    /// The key. Keep it secret; it cannot be shown again.
    #[schema(example = "rd_live_7hKq0000000000000000000000000000000000")]
    pub(crate) key: String,
    /// What is known of the key.
    #[serde(flatten)]
    pub(crate) document: KeyDocument,
}

/// A page of a tenant's keys.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyPage {
    /// The keys, oldest first, revoked and expired ones too.
    pub(crate) data: Vec<KeyDocument>,
    /// What to send as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}
