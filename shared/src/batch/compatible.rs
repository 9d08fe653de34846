//! Batches in OpenAI's shape. Their lines are judged before the first becomes a job; when all jobs
//! have ended, what came of them is written into files.

mod answers;
mod judging;
mod submit;

pub(super) use answers::step as write_answers;
pub(super) use judging::validate;
pub use submit::{FileBatch, SubmittedBatch, submit};

use super::line::{LineError, LineErrorCode, LineJob, LineReader, job_of};
use crate::database::DatabaseError;
use crate::openai::{Endpoint, Fault, Line};
use crate::request::Known;
use crate::store::{BatchRecord, BatchStatus};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads the lines of a batch, whatever their shape.
pub(super) enum Reader<'a> {
    /// Of our own.
    Own(LineReader<'a>),
    /// In OpenAI's, for this endpoint.
    Compatible(Endpoint, Known<'a>),
}

impl<'a> Reader<'a> {
    /// The reader for the lines of a batch.
    ///
    /// # Errors
    /// As [`endpoint`].
    pub(super) fn of(record: &'a BatchRecord, known: Known<'a>) -> Result<Self, DatabaseError> {
        Ok(match endpoint(record)? {
            Some(endpoint) => Self::Compatible(endpoint, known),
            None => Self::Own(LineReader {
                known,
                defaults: &record.defaults,
            }),
        })
    }

    /// Reads the line with this number.
    pub(super) fn read(&self, line: u32, text: &str) -> Result<LineJob, Box<LineError>> {
        match self {
            Self::Own(reader) => reader.read(line, text.as_bytes()),
            Self::Compatible(endpoint, known) => {
                let text = content(line, text);
                read(text, *endpoint, known).map_err(|faults| Box::new(error(line, text, &faults)))
            }
        }
    }
}

/// The endpoint of a batch; `None`: its lines have our own shape.
///
/// # Errors
/// Only a later version knows the endpoint.
pub(super) fn endpoint(record: &BatchRecord) -> Result<Option<Endpoint>, DatabaseError> {
    let Some(path) = record.endpoint.as_deref() else {
        return Ok(None);
    };
    let unknown = || DatabaseError::Corrupt("the endpoint of a batch is unknown".to_owned());
    Endpoint::of_path(path).map(Some).ok_or_else(unknown)
}

/// Whether what is left to do for a batch in OpenAI's shape is to write its files.
pub(super) const fn are_files_due(record: &BatchRecord) -> bool {
    match record.status {
        BatchStatus::Finalizing => true,
        BatchStatus::Cancelling => record.counts.unfinished() == 0,
        BatchStatus::Validating
        | BatchStatus::InProgress
        | BatchStatus::Completed
        | BatchStatus::Failed
        | BatchStatus::Cancelled
        | BatchStatus::Expired => false,
    }
}

fn read(text: &str, endpoint: Endpoint, known: &Known<'_>) -> Result<LineJob, Vec<Fault>> {
    let line = Line::read(text.as_bytes(), endpoint, known)?;
    let request = line.judge(known)?;
    let job = job_of(&request).map_err(|_errors| vec![Fault::unwritable()])?;
    Ok(LineJob {
        custom_id: Some(line.custom_id),
        ..job
    })
}

/// A line that was right when its batch was judged, and is not any more: its provider was removed.
fn error(line: u32, text: &str, faults: &[Fault]) -> LineError {
    let details: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    LineError {
        line,
        custom_id: custom_id(text),
        code: LineErrorCode::InvalidRequest,
        detail: details.join("; "),
        errors: Vec::new(),
    }
}

/// The name of a line, if it can be read.
fn custom_id(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        custom_id: String,
    }
    let named: Option<Named> = serde_json::from_str(text).ok();
    named.map(|named| named.custom_id)
}

/// A line without the byte-order mark that some editors put before the first.
fn content(line: u32, text: &str) -> &str {
    let marked = text.strip_prefix(BYTE_ORDER_MARK);
    marked.filter(|_| line == 1).unwrap_or(text)
}

/// The lines of a chunk from `offset` on: each with the bytes that it takes, and without its end;
/// `None` for a blank one.
pub(super) fn lines(text: &str, offset: u32) -> impl Iterator<Item = (u32, Option<&str>)> {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let rest = text.get(offset..).unwrap_or_default();
    rest.split_inclusive('\n').map(|line| {
        let bytes = u32::try_from(line.len()).unwrap_or(u32::MAX);
        let content = line.trim_end_matches(['\n', '\r']);
        (bytes, Some(content).filter(|text| !text.trim().is_empty()))
    })
}
