//! A batch as the database has it.

use crate::clock::Instant;
use crate::configuration::Cost;
use crate::ids::{BatchId, FileId, TenantId};
use crate::job::{flag, json_text, optional_json_text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// Its lines are read and judged before the first becomes a job.
    Validating,
    /// Its lines become jobs, and the jobs run.
    InProgress,
    /// Every job has ended, and the files of the answers are written.
    Finalizing,
    /// Every job has ended. Terminal.
    Completed,
    /// A line broke a rule, and no line became a job; or lines could not be read any more, and became
    /// no job. Terminal.
    Failed,
    /// Somebody asked to cancel it; jobs that run go on to their end.
    Cancelling,
    /// Cancelled. Terminal.
    Cancelled,
    /// Its window was over before its lines were done. Terminal.
    Expired,
}

impl BatchStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Validating,
        Self::InProgress,
        Self::Finalizing,
        Self::Completed,
        Self::Failed,
        Self::Cancelling,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The status as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Validating => "validating",
            Self::InProgress => "in_progress",
            Self::Finalizing => "finalizing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing moves it any more.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Validating | Self::InProgress | Self::Finalizing | Self::Cancelling => false,
            Self::Completed | Self::Failed | Self::Cancelled | Self::Expired => true,
        }
    }
}

/// A batch as the database has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct BatchRecord {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Its id.
    pub id: BatchId,
    /// Where it stands.
    pub status: BatchStatus,
    /// The endpoint of its lines, of a batch in OpenAI's shape.
    pub endpoint: Option<String>,
    /// Where its lines are.
    pub file_id: FileId,
    /// The client's own name.
    pub name: Option<String>,
    /// The client's own labels.
    #[serde(deserialize_with = "json_text")]
    pub metadata: BTreeMap<String, String>,
    /// Whether a line that breaks a rule is passed over.
    #[serde(deserialize_with = "flag")]
    pub skips_invalid: bool,
    /// Fields of every line that does not have them.
    #[serde(deserialize_with = "json_text")]
    pub defaults: Map<String, Json>,
    /// Lines that become jobs; 0 until they are counted.
    pub lines: u32,
    /// Those of them that broke a rule.
    pub invalid_lines: u32,
    /// When it was submitted.
    #[serde(rename = "created_at_ms")]
    pub created_at: Instant,
    /// When the first line became a job.
    #[serde(rename = "started_at_ms")]
    pub started_at: Option<Instant>,
    /// When the last job had ended.
    #[serde(rename = "finalizing_at_ms")]
    pub finalizing_at: Option<Instant>,
    /// When somebody asked to cancel it.
    #[serde(rename = "cancelled_at_ms")]
    pub cancelled_at: Option<Instant>,
    /// When it became terminal.
    #[serde(rename = "completed_at_ms")]
    pub completed_at: Option<Instant>,
    /// When its window ends.
    #[serde(rename = "window_ends_at_ms")]
    pub window_ends_at: Option<Instant>,
    /// When its next step is due.
    #[serde(rename = "due_at_ms")]
    pub due_at: Option<Instant>,
    /// Steps taken: the fence of the next one.
    pub step: u32,
    /// When the row is deleted.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Option<Instant>,
    /// Where the next line is, and its place among the jobs.
    #[serde(flatten)]
    pub at: Place,
    /// Since when that line cannot be read, though its store answers; `None`: it can, or nobody has
    /// looked.
    #[serde(rename = "unreadable_at_ms")]
    pub unreadable_at: Option<Instant>,
    /// Its jobs by state.
    #[serde(flatten)]
    pub counts: BatchCounts,
    /// Times a job of it has ended: the latest sequence number.
    pub completions: u32,
    /// What its jobs cost so far, where that is known.
    pub cost_micro_usd: Option<Cost>,
    /// How fast its jobs end, as the latest step saw it.
    #[serde(flatten)]
    pub sample: Sample,
    /// How many seconds the files of its answers are kept at most.
    pub output_seconds: Option<u32>,
    /// The file of its answers, of a batch in OpenAI's shape.
    pub output_file_id: Option<FileId>,
    /// The file of what was not answered.
    pub error_file_id: Option<FileId>,
    /// What is wrong with its lines, or how far its files are written.
    #[serde(deserialize_with = "optional_json_text")]
    pub finding: Option<Json>,
    /// Tokens of all answers, once its files are written.
    #[serde(deserialize_with = "optional_json_text")]
    pub usage: Option<Json>,
}

/// How far the lines of a batch have become jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// The chunk of the file that the next line is in.
    pub chunk: u32,
    /// Bytes into it.
    pub chunk_offset: u32,
    /// The line's number in the file, from 1.
    pub line: u32,
    /// Its place among the jobs: how many there are so far.
    pub jobs: u32,
}

/// The jobs of a batch by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct BatchCounts {
    /// Waiting for their first attempt.
    pub queued: u32,
    /// Running.
    pub running: u32,
    /// Waiting for another attempt.
    pub retry_scheduled: u32,
    /// Answered.
    pub succeeded: u32,
    /// The line's own fault.
    pub failed: u32,
    /// For an operator.
    pub dead_lettered: u32,
    /// Stopped.
    pub cancelled: u32,
}

impl BatchCounts {
    /// Jobs that have still to end.
    #[must_use]
    pub const fn unfinished(self) -> u32 {
        self.queued + self.running + self.retry_scheduled
    }

    /// Jobs that have ended.
    #[must_use]
    pub const fn ended(self) -> u32 {
        self.succeeded + self.failed + self.dead_lettered + self.cancelled
    }
}

/// How fast the jobs of a batch end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Sample {
    /// When a step last saw that jobs had ended.
    #[serde(rename = "sampled_at_ms")]
    pub at: Option<Instant>,
    /// How many had, then.
    #[serde(rename = "sampled_ended")]
    pub ended: u32,
    /// How many end in 1,000 seconds, smoothed; `None`: too early to tell.
    #[serde(rename = "ended_per_1000_s")]
    pub per_1000_seconds: Option<u32>,
}
