//! Lines of the output and the error file: what became of one request.

mod chat;
mod failure;
mod response;

use super::endpoint::Endpoint;
use crate::ids::JobId;
use crate::job::{JobRecord, JobState};
use serde::Serialize;
use serde_json::Value;

/// What became of a line: a line of one of two files, with its line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A line of the output file.
    Answered(String),
    /// A line of the error file.
    Unanswered(String),
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

/// What the lines of a batch's files are rendered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files {
    /// What its lines are written for.
    pub endpoint: Endpoint,
    /// Whether its time was over, and nobody cancelled it.
    pub is_expired: bool,
}

impl Files {
    /// What became of a job.
    #[must_use]
    pub fn line(self, job: &JobRecord) -> Outcome {
        match job.state {
            JobState::Queued | JobState::Running | JobState::RetryScheduled => {
                unanswered(job, Err(failure::REPLAYED))
            }
            JobState::Succeeded => match body(job, self.endpoint) {
                Some(body) => Outcome::Answered(line(&job.id, custom_id(job), Ok((200, body)))),
                None => unanswered(job, Err(failure::DELETED)),
            },
            JobState::Cancelled => unanswered(job, Err(self.stopped())),
            JobState::Failed | JobState::DeadLettered => unanswered(job, failure::of(job)),
        }
    }

    /// A job that has an answer, but one that no line can hold.
    #[must_use]
    pub fn too_large(self, job: &JobRecord) -> Outcome {
        unanswered(job, Err(failure::TOO_LARGE))
    }

    /// A line that never became the job `id`.
    #[must_use]
    pub fn never_made(self, id: &JobId, custom_id: &str) -> Outcome {
        Outcome::Unanswered(line(id, custom_id, Err(self.stopped())))
    }

    /// Why a request was not made.
    const fn stopped(self) -> LineError {
        if self.is_expired {
            failure::EXPIRED
        } else {
            failure::CANCELLED
        }
    }
}

fn custom_id(job: &JobRecord) -> &str {
    job.custom_id.as_deref().unwrap_or_default()
}

fn unanswered(job: &JobRecord, came: Result<(u16, Value), LineError>) -> Outcome {
    Outcome::Unanswered(line(&job.id, custom_id(job), came))
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

fn line(job: &JobId, custom_id: &str, came: Result<(u16, Value), LineError>) -> String {
    let (response, error) = match came {
        Ok((status_code, body)) => (
            Some(LineResponse {
                status_code,
                request_id: job.as_str(),
                body,
            }),
            None,
        ),
        Err(error) => (None, Some(error)),
    };
    let line = OutputLine {
        id: format!("batch_req_{}", digits(job)),
        custom_id,
        response,
        error,
    };
    // It consists of texts and numbers only.
    serde_json::to_string(&line).unwrap_or_default() + "\n"
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
