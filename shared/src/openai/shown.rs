//! Rows as the vendor's clients read them.

use super::document::{BatchErrors, BatchObject, FileObject, FileStatus, RequestCounts};
use super::endpoint::Endpoint;
use super::fault::{LineFault, ValidationCode};
use super::finding::Finding;
use crate::batch::unreadable::BatchError;
use crate::clock::Instant;
use crate::ids::FileId;
use crate::store::{BatchRecord, BatchStatus, FileRecord, Purpose};

/// The only completion window there is.
pub const COMPLETION_WINDOW: &str = "24h";

/// What a file is called that has no name.
const NO_NAME: &str = "file.jsonl";

impl From<FileRecord> for FileObject {
    fn from(file: FileRecord) -> Self {
        Self {
            id: file.id.to_string(),
            object: "file",
            bytes: file.bytes,
            created_at: file.created_at,
            expires_at: Some(file.expires_at),
            filename: file.name.unwrap_or_else(|| NO_NAME.to_owned()),
            purpose: file.purpose.as_str(),
            status: FileStatus::Processed,
            status_details: None,
        }
    }
}

impl FileRecord {
    /// Whether it is a file to its owner: whole, and no lines of a batch of our own shape.
    #[must_use]
    pub const fn is_shown(&self) -> bool {
        match (self.state, self.purpose) {
            (crate::store::FileState::Stored, Purpose::Batch | Purpose::BatchOutput) => true,
            (crate::store::FileState::Writing, _) | (_, Purpose::Lines) => false,
        }
    }
}

impl BatchObject {
    /// A batch as the vendor's clients read it; `None`: it is one of our own shape.
    #[must_use]
    pub fn of(record: BatchRecord) -> Option<Self> {
        let endpoint = Endpoint::of_path(record.endpoint.as_deref()?)?;
        let finding = Finding::of(&record);
        let mut faults = finding.faults;
        faults.extend(BatchError::unreadable(&record).map(unreadable));
        let request_counts = counts(&record);
        let usage = record.usage.map(serde_json::from_value);
        let ended = |status: BatchStatus| -> Option<Instant> {
            record.completed_at.filter(|_| record.status == status)
        };
        Some(Self {
            object: "batch",
            endpoint,
            model: finding.model,
            errors: BatchErrors::of(faults),
            input_file_id: record.file_id.to_string(),
            completion_window: COMPLETION_WINDOW,
            status: record.status,
            output_file_id: record.output_file_id.as_ref().map(FileId::to_string),
            error_file_id: record.error_file_id.as_ref().map(FileId::to_string),
            created_at: record.created_at,
            in_progress_at: record.started_at,
            expires_at: record.window_ends_at,
            finalizing_at: record.finalizing_at,
            completed_at: ended(BatchStatus::Completed),
            failed_at: ended(BatchStatus::Failed),
            expired_at: ended(BatchStatus::Expired),
            cancelling_at: record.cancelled_at,
            cancelled_at: ended(BatchStatus::Cancelled),
            request_counts,
            usage: usage.and_then(Result::ok),
            metadata: Some(record.metadata).filter(|labels| !labels.is_empty()),
            id: record.id.to_string(),
        })
    }
}

/// Lines that could not be read any more.
fn unreadable(error: BatchError) -> LineFault {
    LineFault {
        code: ValidationCode::InputFileUnreadable,
        message: error.detail,
        param: None,
        line: error.line,
    }
}

/// What never became a job counts as failed once nothing will.
fn counts(record: &BatchRecord) -> RequestCounts {
    let counts = record.counts;
    let never = if record.status.is_terminal() {
        record.lines.saturating_sub(record.at.jobs)
    } else {
        0
    };
    RequestCounts {
        total: record.lines,
        completed: counts.succeeded,
        failed: counts.failed + counts.dead_lettered + counts.cancelled + never,
    }
}
