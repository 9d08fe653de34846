//! Problems: the one place that turns whatever goes wrong into a problem document (RFC 9457).

mod code;
pub(crate) mod envelope;
mod replays;

pub use code::ProblemCode;

use crate::answer::Answer;
use crate::call::Call;
use http::header::{self, HeaderName};
use redrive_shared::batch::line::LineError;
use redrive_shared::database::DatabaseError;
use redrive_shared::ids::ReplayId;
use redrive_shared::job::JobState;
use redrive_shared::json::{FieldError, JsonError};
use redrive_shared::store::BatchStatus;
use serde::Serialize;
use utoipa::ToSchema;

/// The most characters of a cause that the log repeats.
const CAUSE_CHARACTERS: usize = 300;
/// A path longer than this is not repeated in an answer.
const INSTANCE_BYTES: usize = 512;
/// The seconds after which a client may try again when the database failed for a moment.
const RETRY_AFTER_SECONDS: &str = "2";
/// The same when the database is overloaded.
const OVERLOADED_RETRY_AFTER_SECONDS: &str = "10";

/// Why a request was refused or could not be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The kind of problem.
    pub(crate) code: ProblemCode,
    /// For the log only: what the client is not told.
    pub(crate) cause: Option<String>,
    detail: String,
    violations: Vec<Violation>,
    extension: Option<Box<Extension>>,
    headers: Vec<(HeaderName, String)>,
}

/// What one kind of problem tells beside what all do.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Extension {
    /// How many lines of a batch are wrong, and the first of them.
    Lines(u32, Vec<LineError>),
    /// The replay that stands in the way.
    Replay(ReplayId),
    /// How many dead letters match.
    Count(u64),
}

/// The body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemDocument {
    /// Names the kind of problem, for ever: `urn:redrive:problem:` and the code.
    #[schema(example = "urn:redrive:problem:validation-failed")]
    pub(crate) r#type: String,
    /// The kind of problem in a few words.
    pub(crate) title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub(crate) status: u16,
    /// What is wrong with this request, and what to do.
    pub(crate) detail: String,
    /// The path of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) instance: Option<String>,
    /// The kind of problem, for programs.
    pub(crate) code: ProblemCode,
    /// Names the request in the log; also in `X-Request-Id`.
    pub(crate) request_id: String,
    /// Every field or parameter that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Violation>,
    /// How many lines of a batch are wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) invalid_lines: Option<u32>,
    /// Those lines, the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) lines: Vec<LineError>,
    /// The tenant's replay that stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "rep_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) replay_id: Option<String>,
    /// How many dead letters match now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) count: Option<u64>,
}

/// One field or parameter that is wrong: either `pointer` or `parameter` says which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Violation {
    /// JSON pointer (RFC 6901) to the field of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) pointer: Option<String>,
    /// The name of the query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) parameter: Option<String>,
    /// What it must be.
    pub(crate) detail: String,
}

impl Violation {
    /// A violation by a query parameter.
    pub(crate) fn parameter(name: &str, detail: &str) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.to_owned()),
            detail: detail.to_owned(),
        }
    }
}

impl From<FieldError> for Violation {
    fn from(error: FieldError) -> Self {
        Self {
            pointer: Some(error.pointer),
            parameter: None,
            detail: error.detail,
        }
    }
}

impl Problem {
    /// A problem with a detail of ours.
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            cause: None,
            detail: detail.into(),
            violations: Vec::new(),
            extension: None,
            headers: Vec::new(),
        }
    }

    fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn with_cause(mut self, cause: &str) -> Self {
        self.cause = Some(cause.chars().take(CAUSE_CHARACTERS).collect());
        self
    }

    /// 401, the same for every reason; the reason is for the log.
    pub(crate) fn unauthenticated(reason: &str) -> Self {
        let detail = "Send a valid API key as `Authorization: Bearer rd_live_…`. \
                      The operator's key opens the admin routes only.";
        Self::new(ProblemCode::Unauthenticated, detail)
            .with_header(header::WWW_AUTHENTICATE, "Bearer")
            .with_cause(reason)
    }

    /// 404 for a job: unknown, of another tenant, or no id at all.
    pub(crate) fn no_such_job() -> Self {
        Self::new(ProblemCode::NotFound, "There is no such job.")
    }

    /// 404 for a file: unknown, of another tenant, or no id at all.
    pub(crate) fn no_such_file() -> Self {
        Self::new(ProblemCode::NotFound, "There is no such file.")
    }

    /// 404 for a batch: unknown, of another tenant, or no id at all.
    pub(crate) fn no_such_batch() -> Self {
        Self::new(ProblemCode::NotFound, "There is no such batch.")
    }

    /// 409: the batch is in a status that a cancellation does not leave.
    pub(crate) fn batch_ended(status: BatchStatus) -> Self {
        let detail = format!(
            "The batch is `{}`, and can no longer be cancelled.",
            status.as_str()
        );
        Self::new(ProblemCode::BatchEnded, detail)
    }

    /// 422: lines of a batch are wrong; how many, and the first of them.
    pub(crate) fn invalid_lines(count: u32, lines: Vec<LineError>) -> Self {
        let detail = "Nothing of the batch was taken: see `lines`, which names each line that is \
                      wrong. Put them right, or send `onError=skip`, and the others are run.";
        let mut problem = Self::new(ProblemCode::InvalidLines, detail);
        problem.extension = Some(Box::new(Extension::Lines(count, lines)));
        problem
    }

    /// 404 for a dead letter: unknown, of another tenant, no id at all, or a job that is not dead.
    pub(crate) fn no_such_dead_letter() -> Self {
        Self::new(ProblemCode::NotFound, "There is no such dead letter.")
    }

    /// 404 for a tenant.
    pub(crate) fn no_such_tenant() -> Self {
        Self::new(ProblemCode::NotFound, "There is no such tenant.")
    }

    /// 404 for a key.
    pub(crate) fn no_such_key() -> Self {
        Self::new(ProblemCode::NotFound, "There is no such key.")
    }

    /// 405 with the methods that the path takes.
    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        Self::new(
            ProblemCode::MethodNotAllowed,
            format!("This path takes {allowed}."),
        )
        .with_header(header::ALLOW, allowed)
    }

    /// 409: the job is in a state that a cancellation does not leave.
    pub(crate) fn not_cancellable(state: JobState) -> Self {
        let detail = format!(
            "The job is `{}`, and can no longer be cancelled.",
            state.as_str()
        );
        Self::new(ProblemCode::JobNotCancellable, detail)
    }

    /// 409: the job is not dead.
    pub(crate) fn not_dead_lettered(state: JobState) -> Self {
        let detail = format!(
            "The job is `{}`: only a job that is `dead_lettered` can be replayed.",
            state.as_str()
        );
        Self::new(ProblemCode::NotDeadLettered, detail)
    }

    /// 409: the job is dead, and its request is gone.
    pub(crate) fn payload_deleted() -> Self {
        let detail = "The job's request was deleted when its time was over, so it cannot run \
                      again: submit it anew.";
        Self::new(ProblemCode::PayloadDeleted, detail)
    }

    /// 409: the lines of a batch are gone.
    pub(crate) fn lines_deleted() -> Self {
        let detail = "The lines of the batch were deleted when their time was over.";
        Self::new(ProblemCode::PayloadDeleted, detail)
    }

    /// 400: the header that names the request is no key; `rule` says why.
    pub(crate) fn invalid_idempotency_key(rule: &str) -> Self {
        Self::new(ProblemCode::IdempotencyKeyInvalid, sentence(rule))
    }

    /// 422: the key belongs to a request that asked for something else.
    pub(crate) fn idempotency_key_reused() -> Self {
        let detail = "This `Idempotency-Key` was sent within the last 24 hours with another \
                      request: a new request needs a key of its own.";
        Self::new(ProblemCode::IdempotencyKeyReused, detail)
    }

    /// 400: the body is not strict JSON.
    pub(crate) fn invalid_json(error: &JsonError) -> Self {
        Self::new(ProblemCode::InvalidJson, sentence(&error.to_string()))
    }

    /// 400: the body is not the JSON array that it is said to be.
    pub(crate) fn not_an_array(rule: &str) -> Self {
        Self::new(ProblemCode::InvalidJson, sentence(rule))
    }

    /// 422 with every field or parameter that is wrong.
    pub(crate) fn invalid(violations: impl IntoIterator<Item = impl Into<Violation>>) -> Self {
        let detail = "The request is not valid: see `errors`, which names each field or parameter.";
        let mut problem = Self::new(ProblemCode::ValidationFailed, detail);
        problem.violations = violations.into_iter().map(Into::into).collect();
        problem
    }

    /// 422 for one query parameter.
    pub(crate) fn invalid_parameter(name: &str, detail: &str) -> Self {
        Self::invalid([Violation::parameter(name, detail)])
    }

    /// 503: a setting is missing or weak; `fault` names it.
    pub(crate) fn misconfigured(fault: &str) -> Self {
        let detail = format!("This deployment is not set up: {fault}. Tell its operator.");
        Self::new(ProblemCode::Misconfigured, detail).with_cause(fault)
    }

    /// 500 for a route that lets in somebody without a tenant, and then asks for the tenant.
    pub(crate) fn no_tenant() -> Self {
        Self::internal("the route needs a tenant and its access does not")
    }

    /// 500: a fault of ours.
    pub(crate) fn internal(cause: &str) -> Self {
        let detail = "Something is wrong on our side. The request id names it in the log.";
        Self::new(ProblemCode::Internal, detail).with_cause(cause)
    }

    /// The problem as an answer to `call`: a problem document, or the envelope of the vendor whose
    /// routes it was sent to.
    pub(crate) fn into_answer(self, call: &Call) -> Answer {
        if envelope::is_for(call.parts.uri.path()) {
            return self.into_envelope();
        }
        let mut document = ProblemDocument {
            r#type: format!("urn:redrive:problem:{}", self.code.as_str()),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            detail: self.detail,
            instance: Some(call.parts.uri.path())
                .filter(|path| path.len() <= INSTANCE_BYTES)
                .map(str::to_owned),
            code: self.code,
            request_id: call.id.to_string(),
            errors: self.violations,
            invalid_lines: None,
            lines: Vec::new(),
            replay_id: None,
            count: None,
        };
        match self.extension.map(|extension| *extension) {
            None => {}
            Some(Extension::Lines(count, lines)) => {
                (document.invalid_lines, document.lines) = (Some(count), lines);
            }
            Some(Extension::Replay(replay)) => document.replay_id = Some(replay.into()),
            Some(Extension::Count(count)) => document.count = Some(count),
        }
        let body = serde_json::to_string(&document).unwrap_or_default();
        let answer = Answer::text(self.code.status(), body)
            .with(header::CONTENT_TYPE, "application/problem+json");
        self.headers
            .into_iter()
            .fold(answer, |answer, (name, value)| answer.with(name, &value))
    }
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        let wait = match &error {
            DatabaseError::Transient(_) | DatabaseError::Other(_) => RETRY_AFTER_SECONDS,
            DatabaseError::Overloaded(_) => OVERLOADED_RETRY_AFTER_SECONDS,
            DatabaseError::Corrupt(shape) => return Self::internal(&without_quotations(shape)),
        };
        let detail = "The storage did not answer. Nothing is promised: send the request again.";
        Self::new(ProblemCode::StorageUnavailable, detail)
            .with_header(header::RETRY_AFTER, wait)
            .with_cause(&error.to_string())
    }
}

/// What a parser says of a stored row, without the stored text that it may quote.
fn without_quotations(text: &str) -> String {
    text.split(['"', '`'])
        .step_by(2)
        .collect::<Vec<_>>()
        .join("…")
}

/// An error's text as a sentence.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_cannot_be_read_is_logged_without_what_it_holds() {
        let error = DatabaseError::Corrupt(
            r#"invalid type: string "my secret prompt", expected u32, not `that`"#.to_owned(),
        );
        let problem = Problem::from(error);
        assert_eq!(problem.code, ProblemCode::Internal);
        assert_eq!(
            problem.cause.as_deref(),
            Some("invalid type: string …, expected u32, not …")
        );
    }
}
