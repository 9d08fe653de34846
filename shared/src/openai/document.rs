//! What the vendor's clients read: files, batches and lists of them. Times are whole seconds since
//! the Unix epoch.

use super::endpoint::Endpoint;
use super::fault::LineFault;
use crate::clock::Instant;
use crate::store::BatchStatus;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How far a file is: always usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OpenAiFileStatus)]
pub enum FileStatus {
    /// Stored, and ready to be used.
    Processed,
}

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenAiFile)]
pub struct FileObject {
    /// The file.
    #[schema(example = "file-019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub id: String,
    /// Always `file`.
    #[schema(example = "file")]
    pub object: &'static str,
    /// Its length.
    pub bytes: u64,
    /// When it was stored.
    #[serde(serialize_with = "seconds")]
    #[schema(value_type = i64)]
    pub created_at: Instant,
    /// When it is deleted; absent: never.
    #[serde(
        serialize_with = "some_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<i64>, nullable = false)]
    pub expires_at: Option<Instant>,
    /// What its owner calls it.
    pub filename: String,
    /// What it is for: `batch` or `batch_output`.
    #[schema(example = "batch")]
    pub purpose: &'static str,
    /// How far it is.
    pub status: FileStatus,
    /// Always `null`: nothing goes wrong with a file that was stored.
    #[schema(required)]
    pub status_details: Option<String>,
}

/// Says that a file was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenAiDeletedFile)]
pub struct DeletedFile {
    /// The file.
    pub id: String,
    /// Always `file`.
    #[schema(example = "file")]
    pub object: &'static str,
    /// Always `true`.
    pub deleted: bool,
}

impl DeletedFile {
    /// Of the file with this id.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            object: "file",
            deleted: true,
        }
    }
}

/// A page of a list; the next one begins after `last_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct List<T> {
    object: &'static str,
    data: Vec<T>,
    first_id: Option<String>,
    last_id: Option<String>,
    has_more: bool,
}

impl<T> List<T> {
    /// A page with these entries; `more` says whether another follows.
    #[must_use]
    pub fn new(data: Vec<T>, id: impl Fn(&T) -> String, more: bool) -> Self {
        Self {
            object: "list",
            first_id: data.first().map(&id),
            last_id: data.last().map(&id),
            data,
            has_more: more,
        }
    }
}

/// A batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenAiBatch)]
pub struct BatchObject {
    /// The batch; also at `/api/v1/batches/{id}`.
    #[schema(example = "bat_019dc2d7c93c7c3a9d2f5a1b7c8effff")]
    pub id: String,
    /// Always `batch`.
    #[schema(example = "batch")]
    pub object: &'static str,
    /// What its lines are written for.
    #[schema(value_type = String, example = "/v1/chat/completions")]
    pub endpoint: Endpoint,
    /// The model of its lines; absent: not known, or several.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub model: Option<String>,
    /// What is wrong with the input file; `null`: nothing.
    #[schema(required)]
    pub errors: Option<BatchErrors>,
    /// The file of its requests.
    pub input_file_id: String,
    /// In which time it is to be done: `24h`.
    #[schema(example = "24h")]
    pub completion_window: &'static str,
    /// How far it is.
    pub status: BatchStatus,
    /// The file of the answers; `null`: there is none, or not yet.
    #[schema(required)]
    pub output_file_id: Option<String>,
    /// The file of the requests without an answer; `null`: there is none, or not yet.
    #[schema(required)]
    pub error_file_id: Option<String>,
    /// When it was made.
    #[serde(serialize_with = "seconds")]
    #[schema(value_type = i64)]
    pub created_at: Instant,
    /// When its requests began to be made.
    #[serde(serialize_with = "some_seconds")]
    #[schema(value_type = Option<i64>, required)]
    pub in_progress_at: Option<Instant>,
    /// When no request is made any more.
    #[serde(serialize_with = "some_seconds")]
    #[schema(value_type = Option<i64>, required)]
    pub expires_at: Option<Instant>,
    /// When all its requests had ended.
    #[serde(serialize_with = "some_seconds")]
    #[schema(value_type = Option<i64>, required)]
    pub finalizing_at: Option<Instant>,
    /// When its files were written.
    #[serde(serialize_with = "some_seconds")]
    #[schema(value_type = Option<i64>, required)]
    pub completed_at: Option<Instant>,
    /// When mistakes were found in its input file, or it was given up to read it.
    #[serde(serialize_with = "some_seconds")]
    #[schema(value_type = Option<i64>, required)]
    pub failed_at: Option<Instant>,
    /// When its time was over.
    #[serde(serialize_with = "some_seconds")]
    #[schema(value_type = Option<i64>, required)]
    pub expired_at: Option<Instant>,
    /// When it was told to stop.
    #[serde(serialize_with = "some_seconds")]
    #[schema(value_type = Option<i64>, required)]
    pub cancelling_at: Option<Instant>,
    /// When it had stopped.
    #[serde(serialize_with = "some_seconds")]
    #[schema(value_type = Option<i64>, required)]
    pub cancelled_at: Option<Instant>,
    /// How many requests have ended, and how.
    pub request_counts: RequestCounts,
    /// What the answers used; absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub usage: Option<BatchUsage>,
    /// The client's own labels; `null`: none.
    #[schema(required)]
    pub metadata: Option<BTreeMap<String, String>>,
}

/// The mistakes of an input file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenAiBatchErrors)]
pub struct BatchErrors {
    /// Always `list`.
    #[schema(example = "list")]
    pub object: &'static str,
    /// The first mistakes, in the order of the lines.
    pub data: Vec<LineFault>,
}

impl BatchErrors {
    /// These mistakes; `None` without any.
    #[must_use]
    pub fn of(data: Vec<LineFault>) -> Option<Self> {
        (!data.is_empty()).then_some(Self {
            object: "list",
            data,
        })
    }
}

/// How many requests of a batch have ended, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenAiRequestCounts)]
pub struct RequestCounts {
    /// All of them; 0 until the input file was read.
    pub total: u32,
    /// Those with an answer.
    pub completed: u32,
    /// Those that ended without one.
    pub failed: u32,
}

/// What the answers of a batch used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OpenAiBatchUsage)]
pub struct BatchUsage {
    /// Tokens read.
    pub input_tokens: u64,
    /// More of that.
    pub input_tokens_details: CachedTokens,
    /// Tokens written.
    pub output_tokens: u64,
    /// More of that.
    pub output_tokens_details: ReasoningTokens,
    /// Both together.
    pub total_tokens: u64,
}

/// Tokens that were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OpenAiCachedTokens)]
pub struct CachedTokens {
    /// Those that the provider had in its cache.
    pub cached_tokens: u64,
}

/// Tokens that were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OpenAiReasoningTokens)]
pub struct ReasoningTokens {
    /// Those that went to reasoning.
    pub reasoning_tokens: u64,
}

/// An instant as the vendor writes it.
pub(super) const fn unix_seconds(instant: Instant) -> i64 {
    instant.as_millis() / 1000
}

// The lint goes by the width of a pointer.
#[cfg_attr(
    not(target_arch = "wasm32"),
    expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature is serde's"
    )
)]
fn seconds<S: Serializer>(instant: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(unix_seconds(*instant))
}

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn some_seconds<S: Serializer>(
    instant: &Option<Instant>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    instant.map(unix_seconds).serialize(serializer)
}

#[cfg(test)]
mod tests;
