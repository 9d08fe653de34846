//! Lines that cannot be read, because their file is gone or is not as it was stored: how long a batch
//! waits for them, and what it says when it has given up.

use crate::clock::Instant;
use crate::database::DatabaseError;
use crate::file;
use crate::log::{Event, Log};
use crate::openai::Finding;
use crate::ports::Ports;
use crate::store::{BatchMove, BatchRecord, BatchStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// How long lines are asked for again that cannot be read, in seconds: a quarter of an hour. A store
/// that does not answer is another matter, and is asked for as long as it takes.
const PATIENCE_SECONDS: i64 = 900;

/// Seconds between two tries.
const PAUSE_SECONDS: i64 = 30;

/// A chunk of a batch's lines; `None`: it cannot be read, which is logged.
///
/// # Errors
/// [`DatabaseError`]: the store does not answer.
pub(super) async fn read<P: Ports>(
    ports: &P,
    record: &BatchRecord,
    chunk: u32,
) -> Result<Option<String>, DatabaseError> {
    let why = match file::read(ports, &record.tenant_id, &record.file_id, chunk).await {
        Ok(Some(text)) => return Ok(Some(text)),
        Ok(None) => "the file, or its chunk, is gone".to_owned(),
        Err(DatabaseError::Corrupt(why)) => why,
        Err(
            error @ (DatabaseError::Transient(_)
            | DatabaseError::Overloaded(_)
            | DatabaseError::Other(_)),
        ) => return Err(error),
    };
    ports.log().write(
        Event::new("lines_unreadable")
            .with("batch.id", record.id.as_str())
            .with("file.id", record.file_id.as_str())
            .with("file.chunk", chunk)
            .with("error.message", why),
    );
    Ok(None)
}

/// Whether lines that cannot be read since an instant are given up.
pub(super) fn is_given_up(since: Option<Instant>, now: Instant) -> bool {
    since.is_some_and(|since| since.plus_seconds(PATIENCE_SECONDS) <= now)
}

/// Whether a batch in OpenAI's shape has its files written because its lines were given up.
pub(super) fn is_the_end_of(record: &BatchRecord) -> bool {
    record
        .finalizing_at
        .is_some_and(|at| is_given_up(record.unreadable_at, at))
}

/// The next line cannot be read, and could not `since` then: the step after this one tries again.
/// Answers whether that is given up.
pub(super) fn wait(moved: &mut BatchMove, since: Option<Instant>, now: Instant) -> bool {
    let since = Some(since.unwrap_or(now));
    moved.unreadable_at = since;
    moved.due_at = Some(now.plus_seconds(PAUSE_SECONDS));
    is_given_up(since, now)
}

/// Why a batch ended without a job for each of its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BatchError {
    /// What kind of reason it is.
    pub code: BatchErrorCode,
    /// What happened, and what to do.
    pub detail: String,
    /// The first line that is meant, from 1, blank lines counted; absent: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub line: Option<u32>,
}

/// The kinds of reasons for which a batch ends without a job for each of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchErrorCode {
    /// Lines of a batch in OpenAI's shape break a rule.
    LinesInvalid,
    /// Lines cannot be read any more.
    LinesUnreadable,
}

impl BatchError {
    /// Why a batch ended without a job for each of its lines; `None`: it did not, or it was cancelled
    /// or its window was over.
    #[must_use]
    pub fn of(record: &BatchRecord) -> Option<Self> {
        Self::unreadable(record).or_else(|| Self::invalid(record))
    }

    /// Likewise, where it is because lines could not be read.
    pub(crate) fn unreadable(record: &BatchRecord) -> Option<Self> {
        let ended_at = record.completed_at?;
        if !is_given_up(record.unreadable_at, ended_at) {
            return None;
        }
        let line = record.at.line;
        let detail = if record.at.jobs == 0 {
            "Its lines cannot be read any more, and none became a job: submit the batch again."
                .to_owned()
        } else {
            let lines = record.lines.saturating_sub(record.at.jobs);
            format!(
                "Its lines from line {line} on cannot be read any more, and {lines} of them became no job: \
                 submit the lines from line {line} on again."
            )
        };
        Some(Self {
            code: BatchErrorCode::LinesUnreadable,
            detail,
            line: Some(line),
        })
    }

    fn invalid(record: &BatchRecord) -> Option<Self> {
        if record.status != BatchStatus::Failed {
            return None;
        }
        let first = Finding::of(record).faults.into_iter().next()?;
        let message = first.message;
        let detail = format!(
            "Its file has mistakes, and none of its lines became a job: put right what \
             `GET /v1/batches/{{id}}` tells, and make the batch again. The first: {message}"
        );
        Some(Self {
            code: BatchErrorCode::LinesInvalid,
            detail,
            line: first.line,
        })
    }
}
