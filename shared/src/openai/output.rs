//! Lines of the output and the error file: what became of one request.

mod chat;
mod failure;
mod response;

use super::endpoint::Endpoint;
use super::error::ErrorEnvelope;
use crate::ids::JobId;
use crate::job::{JobRecord, JobState};
use serde::Serialize;
use serde_json::Value;

/// Where a line of a batch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has an answer: this line of the output file, without its line break.
    Answered(String),
    /// It ended without one: this line of the error file, without its line break.
    Unanswered(String),
    /// It has not ended.
    Open,
}

/// One line of either file.
#[derive(Serialize)]
struct OutputLine<'a> {
    id: String,
    custom_id: &'a str,
    response: Option<LineResponse<'a>>,
    error: Option<LineError>,
}

/// What the request was answered with.
#[derive(Serialize)]
struct LineResponse<'a> {
    status_code: u16,
    /// The job: by this id it is found everywhere else.
    request_id: &'a str,
    body: Value,
}

/// Why the request was never made.
#[derive(Serialize)]
struct LineError {
    code: &'static str,
    message: &'static str,
}

/// What became of the job that the line `custom_id` made.
#[must_use]
pub fn render(job: &JobRecord, custom_id: &str, endpoint: Endpoint) -> Outcome {
    match job.state {
        JobState::Queued | JobState::Running | JobState::RetryScheduled => Outcome::Open,
        JobState::Succeeded => match body(job, endpoint) {
            Some(body) => Outcome::Answered(line(job, custom_id, Ok((200, body)))),
            None => Outcome::Unanswered(line(job, custom_id, Err(failure::DELETED))),
        },
        JobState::Cancelled => Outcome::Unanswered(line(job, custom_id, Err(failure::CANCELLED))),
        JobState::Failed | JobState::DeadLettered => {
            let failed = failure::of(job).and_then(|(status, envelope)| to_body(status, &envelope));
            Outcome::Unanswered(line(job, custom_id, failed))
        }
    }
}

/// The answer; `None` when it was deleted.
fn body(job: &JobRecord, endpoint: Endpoint) -> Option<Value> {
    if job.payload_deleted {
        return None;
    }
    let text = job.result.output.as_deref()?;
    match endpoint {
        Endpoint::ChatCompletions => serde_json::to_value(chat::completion(job, text)).ok(),
        Endpoint::Responses => serde_json::to_value(response::response(job, text)).ok(),
    }
}

fn to_body(status: u16, envelope: &ErrorEnvelope) -> Result<(u16, Value), LineError> {
    let body = serde_json::to_value(envelope).or(Err(failure::DELETED))?;
    Ok((status, body))
}

fn line(job: &JobRecord, custom_id: &str, came: Result<(u16, Value), LineError>) -> String {
    let (response, error) = match came {
        Ok((status_code, body)) => (
            Some(LineResponse {
                status_code,
                request_id: job.id.as_str(),
                body,
            }),
            None,
        ),
        Err(error) => (None, Some(error)),
    };
    let line = OutputLine {
        id: format!("batch_req_{}", digits(&job.id)),
        custom_id,
        response,
        error,
    };
    // It consists of texts and numbers only.
    serde_json::to_string(&line).unwrap_or_default()
}

/// What is the job's own in its id.
fn digits(job: &JobId) -> &str {
    let id = job.as_str();
    id.strip_prefix(JobId::PREFIX).unwrap_or(id)
}

/// The finish reason of an answer, as it is stored.
fn finish_reason(job: &JobRecord) -> &str {
    job.result.finish_reason.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests;
