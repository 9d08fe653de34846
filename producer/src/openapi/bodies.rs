//! The bodies of requests, for the description only: the code reads them field by field.

mod execute;
mod generate;
mod openai;
mod replays;

pub(super) use execute::{ExecuteBody, ExecuteTestsBody};
pub(super) use generate::GenerateBody;
pub(super) use openai::{
    OpenAiBatchList, OpenAiBatchRequest, OpenAiExpiry, OpenAiFileList, OpenAiUpload,
};
pub(super) use replays::ReplaysBody;

use redrive_shared::access::Scope;
use redrive_shared::request::Wanted;
use serde::Serialize;
use utoipa::ToSchema;

/// Nothing.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmptyBody {}

/// A line that brought nothing: its own fields, with why.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnsuccessfulLine {
    /// Your own name for it.
    #[schema(nullable = false)]
    custom_id: Option<String>,
    /// What it held, where that was no JSON object.
    #[schema(nullable = false)]
    invalid_line: Option<String>,
    /// Why it brought nothing.
    error: LineReason,
}

/// Why a line brought nothing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineReason {
    /// The bounded code; `cancelled` when it was.
    code: String,
    /// What happened and what to do.
    message: String,
    /// Its number in what was uploaded, from 1.
    line: u32,
    /// Its job, if it became one.
    #[schema(nullable = false)]
    job_id: Option<String>,
}

/// What is to be different this time. Whatever is absent stays as the job has it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReplayBody {
    /// The model to ask, for good: of `provider`, or else of the first that the job names.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9._:/@+-]+$",
        example = "gpt-4o"
    )]
    model: Option<String>,
    /// The provider to ask, for good, and nobody else.
    #[schema(nullable = false, min_length = 1, max_length = 32, example = "openai")]
    provider: Option<String>,
    /// The providers to ask, for good, one after the other until one answers; excludes `provider`
    /// and `model`.
    #[schema(nullable = false, min_items = 1, max_items = 5)]
    providers: Option<Vec<Wanted>>,
    /// How many attempts may fail, from now on, before the job is dead-lettered again.
    #[schema(nullable = false, minimum = 1, maximum = 20)]
    max_attempts: Option<u8>,
    /// Seconds from now after which no attempt begins any more.
    #[schema(nullable = false, minimum = 1, maximum = 604_800)]
    deadline_seconds: Option<u32>,
    /// Why, for the audit log. At most 500 bytes, on one line.
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    note: Option<String>,
}

/// A new tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TenantBody {
    /// What you call it. At most 100 bytes, on one line.
    #[schema(min_length = 1, max_length = 100, example = "Support desk")]
    name: String,
    /// Days from a job's end to its deletion.
    #[schema(nullable = false, minimum = 1, maximum = 3650, default = 30)]
    retention_days: Option<u32>,
    /// Days from a job's end to the deletion of its request and output; at most `retentionDays`. A
    /// week when absent, or `retentionDays` if that is shorter.
    #[schema(nullable = false, minimum = 1, maximum = 3650)]
    payload_retention_days: Option<u32>,
    /// Whom its jobs ask that name nobody, one after the other until one answers; `null` or absent:
    /// as the deployment says.
    #[schema(min_items = 1, max_items = 5)]
    default_providers: Option<Vec<Wanted>>,
}

/// What is to be different about a tenant. Whatever is absent stays as it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TenantChangeBody {
    /// What you call it. At most 100 bytes, on one line.
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Days from a job's end to its deletion.
    #[schema(nullable = false, minimum = 1, maximum = 3650)]
    retention_days: Option<u32>,
    /// Days from a job's end to the deletion of its request and output; at most `retentionDays`.
    #[schema(nullable = false, minimum = 1, maximum = 3650)]
    payload_retention_days: Option<u32>,
    /// Whom its jobs ask that name nobody, from now on, one after the other until one answers;
    /// `null`: as the deployment says. It takes effect within 5 seconds.
    #[schema(min_items = 1, max_items = 5)]
    default_providers: Option<Vec<Wanted>>,
}

/// A new API key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct KeyBody {
    /// Whose key it is to be.
    #[schema(example = "ten_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    tenant_id: String,
    /// What you call it. At most 100 bytes, on one line.
    #[schema(min_length = 1, max_length = 100, example = "ticket importer")]
    name: String,
    /// What it may be used for. No scope contains another.
    #[schema(min_items = 1, max_items = 5)]
    scopes: Vec<Scope>,
    /// From when on it is refused; never when absent.
    #[schema(nullable = false, format = DateTime, example = "2027-01-31T00:00:00Z")]
    expires_at: Option<String>,
}
