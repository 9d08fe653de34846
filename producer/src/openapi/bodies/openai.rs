use redrive_shared::openai::{BatchObject, Endpoint, FileObject};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A file to be stored. The parts may come in any order.
#[derive(Serialize, ToSchema)]
pub(in crate::openapi) struct OpenAiUpload {
    /// The file: text in UTF-8, at most 100 MiB, with lines of at most 1 MiB.
    #[schema(format = Binary)]
    file: String,
    /// What it is for: `batch`.
    #[schema(example = "batch")]
    purpose: String,
    /// From when on `expires_after[seconds]` count: `created_at`.
    #[serde(rename = "expires_after[anchor]")]
    #[schema(nullable = false, example = "created_at")]
    anchor: Option<String>,
    /// After so many seconds it is deleted.
    #[serde(rename = "expires_after[seconds]")]
    #[schema(
        nullable = false,
        minimum = 3600,
        maximum = 2_592_000,
        default = 2_592_000
    )]
    seconds: Option<u32>,
}

/// A batch of the lines of a file.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::openapi) struct OpenAiBatchRequest {
    /// A file that was uploaded with the purpose `batch`.
    #[schema(example = "file-019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    input_file_id: String,
    /// What its lines are written for; every line names the same as its `url`.
    endpoint: Endpoint,
    /// In which time it is to be done: `24h`.
    #[schema(example = "24h")]
    completion_window: String,
    /// Your own labels: at most 16 keys of at most 64 bytes, with values of at most 512 bytes.
    metadata: Option<BTreeMap<String, String>>,
    /// When the files of its answers are deleted; otherwise, and at the latest, with the payloads of
    /// the tenant's jobs.
    output_expires_after: Option<OpenAiExpiry>,
}

/// When a file is deleted.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::openapi) struct OpenAiExpiry {
    /// From when on the seconds count: `created_at`.
    #[schema(example = "created_at")]
    anchor: String,
    /// After so many seconds.
    #[schema(minimum = 3600, maximum = 2_592_000)]
    seconds: u32,
}

/// A page of files.
#[derive(Serialize, ToSchema)]
pub(in crate::openapi) struct OpenAiFileList {
    /// Always `list`.
    #[schema(example = "list")]
    object: String,
    /// The files.
    data: Vec<FileObject>,
    /// The first of them; `null`: there is none.
    #[schema(required)]
    first_id: Option<String>,
    /// The last of them: the next page begins after it.
    #[schema(required)]
    last_id: Option<String>,
    /// Whether there is a next page.
    has_more: bool,
}

/// A page of batches.
#[derive(Serialize, ToSchema)]
pub(in crate::openapi) struct OpenAiBatchList {
    /// Always `list`.
    #[schema(example = "list")]
    object: String,
    /// The batches, newest first.
    data: Vec<BatchObject>,
    /// The first of them; `null`: there is none.
    #[schema(required)]
    first_id: Option<String>,
    /// The last of them: the next page begins after it.
    #[schema(required)]
    last_id: Option<String>,
    /// Whether there is a next page.
    has_more: bool,
}
