//! The bodies of requests, for the description only: the code reads them field by field.

mod execute;

pub(super) use execute::{ExecuteBody, ExecuteTestsBody};

use redrive_shared::access::Scope;
use redrive_shared::request::{ResponseFormat, Role};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a language model is asked for, and how patiently.
///
/// Give either `prompt` or `messages`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GenerateBody {
    /// What the user says; a conversation of one message. At most 1 MiB of UTF-8.
    #[schema(
        nullable = false,
        min_length = 1,
        example = "Explain queues in one sentence."
    )]
    prompt: Option<String>,
    /// The conversation so far.
    #[schema(nullable = false, min_items = 1, max_items = 1000)]
    messages: Option<Vec<MessageBody>>,
    /// Instructions that stand above the conversation. At most 1 MiB of UTF-8.
    #[schema(nullable = false, min_length = 1)]
    system: Option<String>,
    /// The model, by the provider's own name: ASCII letters, digits and `._:/@+-`. The
    /// deployment's default model when absent.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9._:/@+-]+$",
        example = "gpt-4o-mini"
    )]
    model: Option<String>,
    /// Who is asked: any server that speaks the chat completions protocol of OpenAI.
    #[schema(nullable = false)]
    provider: Option<ProviderName>,
    /// The most tokens the answer may have.
    #[schema(nullable = false, minimum = 1, maximum = 1_000_000)]
    max_tokens: Option<u32>,
    /// Sampling temperature.
    #[schema(nullable = false, minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    /// The form the answer is to have; `text` when absent.
    #[schema(nullable = false)]
    response_format: Option<String>,
    /// For code generation: the programming language wanted. At most 64 bytes.
    #[schema(nullable = false, min_length = 1, max_length = 64)]
    language: Option<String>,
    /// For code generation: how hard the exercise is to be. At most 64 bytes.
    #[schema(nullable = false, min_length = 1, max_length = 64)]
    difficulty: Option<String>,
    /// Your own labels, given back with the job: at most 64, keys of at most 64 bytes, values of at
    /// most 512.
    #[schema(nullable = false)]
    metadata: Option<BTreeMap<String, String>>,
    /// Your own name for what the job belongs to; with `refId` it finds the job in the list. At
    /// most 128 bytes.
    #[schema(nullable = false, min_length = 1, max_length = 128, example = "ticket")]
    ref_type: Option<String>,
    /// Your own id within `refType`. At most 128 bytes.
    #[schema(nullable = false, min_length = 1, max_length = 128, example = "4711")]
    ref_id: Option<String>,
    /// Seconds after which no attempt begins any more and the job is dead-lettered; a day when
    /// absent.
    #[schema(nullable = false, minimum = 1, maximum = 604_800, default = 86_400)]
    deadline_seconds: Option<u32>,
    /// How many attempts may fail before the job is dead-lettered.
    #[schema(nullable = false, minimum = 1, maximum = 20, default = 5)]
    max_attempts: Option<u8>,
}

/// One message of a conversation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MessageBody {
    /// Who speaks.
    role: Role,
    /// What is said. At most 1 MiB of UTF-8.
    #[schema(min_length = 1)]
    content: String,
}

/// Who may be asked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its description is used")]
enum ProviderName {
    /// The server that the deployment names in `OPENAI_BASE_URL`.
    Openai,
}

/// Nothing.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmptyBody {}

/// What is to be different this time. Whatever is absent stays as the job has it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReplayBody {
    /// The model to ask, for good.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9._:/@+-]+$",
        example = "gpt-4o"
    )]
    model: Option<String>,
    /// Who is asked.
    #[schema(nullable = false)]
    provider: Option<ProviderName>,
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
