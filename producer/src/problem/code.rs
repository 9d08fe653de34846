use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// The kinds of problem: one bounded list, used by the answers, the log and the description of
/// the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// The body is not strict JSON.
    InvalidJson,
    /// The body is no form of parts.
    InvalidForm,
    /// The body could not be read to its end.
    BodyIncomplete,
    /// `Authorization` and `X-API-Key` name different keys.
    ConflictingCredentials,
    /// `Idempotency-Key` was sent, and the route does not honour it.
    IdempotencyNotSupported,
    /// `Idempotency-Key` is no key.
    IdempotencyKeyInvalid,
    /// No valid key.
    Unauthenticated,
    /// The key lacks the scope.
    InsufficientScope,
    /// No such job, dead letter, batch, replay, tenant or key.
    NotFound,
    /// No such path.
    RouteNotFound,
    /// The path does not take the method.
    MethodNotAllowed,
    /// The body took too long to arrive.
    RequestTimeout,
    /// The job has ended.
    JobNotCancellable,
    /// The job is not dead, and so cannot be replayed.
    NotDeadLettered,
    /// The job's request was deleted, so that it cannot be replayed.
    PayloadDeleted,
    /// Another replay of the tenant has not ended.
    ReplayRunning,
    /// The replay has ended.
    ReplayEnded,
    /// Other letters match than were counted.
    CountChanged,
    /// No dead letter matches.
    NothingMatches,
    /// The batch has ended.
    BatchEnded,
    /// A batch that has not ended needs the file.
    FileInUse,
    /// The body is over its limit.
    PayloadTooLarge,
    /// Path and query are over 2 KiB.
    UriTooLong,
    /// The body is not `application/json`, or is compressed.
    UnsupportedMediaType,
    /// Fields or parameters are wrong.
    ValidationFailed,
    /// Lines of a batch are wrong.
    InvalidLines,
    /// The batch has no line.
    EmptyBatch,
    /// The batch has more lines than it may.
    TooManyLines,
    /// `Idempotency-Key` belongs to a request that asked for something else.
    IdempotencyKeyReused,
    /// The headers are over 16 KiB.
    HeadersTooLarge,
    /// A fault of ours.
    Internal,
    /// The database did not answer.
    StorageUnavailable,
    /// A setting of the deployment is missing or weak.
    Misconfigured,
}

impl ProblemCode {
    /// Every kind.
    pub const ALL: [Self; 33] = [
        Self::InvalidJson,
        Self::InvalidForm,
        Self::BodyIncomplete,
        Self::ConflictingCredentials,
        Self::IdempotencyNotSupported,
        Self::IdempotencyKeyInvalid,
        Self::Unauthenticated,
        Self::InsufficientScope,
        Self::NotFound,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::JobNotCancellable,
        Self::NotDeadLettered,
        Self::PayloadDeleted,
        Self::ReplayRunning,
        Self::ReplayEnded,
        Self::CountChanged,
        Self::NothingMatches,
        Self::BatchEnded,
        Self::FileInUse,
        Self::PayloadTooLarge,
        Self::UriTooLong,
        Self::UnsupportedMediaType,
        Self::ValidationFailed,
        Self::InvalidLines,
        Self::EmptyBatch,
        Self::TooManyLines,
        Self::IdempotencyKeyReused,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::StorageUnavailable,
        Self::Misconfigured,
    ];

    /// The code as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid-json",
            Self::InvalidForm => "invalid-form",
            Self::BodyIncomplete => "body-incomplete",
            Self::ConflictingCredentials => "conflicting-credentials",
            Self::IdempotencyNotSupported => "idempotency-not-supported",
            Self::IdempotencyKeyInvalid => "idempotency-key-invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::InsufficientScope => "insufficient-scope",
            Self::NotFound => "not-found",
            Self::RouteNotFound => "route-not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::RequestTimeout => "request-timeout",
            Self::JobNotCancellable => "job-not-cancellable",
            Self::NotDeadLettered => "not-dead-lettered",
            Self::PayloadDeleted => "payload-deleted",
            Self::ReplayRunning => "replay-running",
            Self::ReplayEnded => "replay-ended",
            Self::CountChanged => "count-changed",
            Self::NothingMatches => "nothing-matches",
            Self::BatchEnded => "batch-ended",
            Self::FileInUse => "file-in-use",
            Self::InvalidLines => "invalid-lines",
            Self::EmptyBatch => "empty-batch",
            Self::TooManyLines => "too-many-lines",
            Self::PayloadTooLarge => "payload-too-large",
            Self::UriTooLong => "uri-too-long",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::ValidationFailed => "validation-failed",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::HeadersTooLarge => "headers-too-large",
            Self::Internal => "internal",
            Self::StorageUnavailable => "storage-unavailable",
            Self::Misconfigured => "misconfigured",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidJson
            | Self::InvalidForm
            | Self::BodyIncomplete
            | Self::ConflictingCredentials
            | Self::IdempotencyNotSupported
            | Self::IdempotencyKeyInvalid => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::NotFound | Self::RouteNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::JobNotCancellable
            | Self::NotDeadLettered
            | Self::PayloadDeleted
            | Self::ReplayRunning
            | Self::ReplayEnded
            | Self::CountChanged
            | Self::BatchEnded
            | Self::FileInUse => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ValidationFailed
            | Self::NothingMatches
            | Self::InvalidLines
            | Self::EmptyBatch
            | Self::TooManyLines
            | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::StorageUnavailable | Self::Misconfigured => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The kind of problem in a few words, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidJson => "The body is not strict JSON",
            Self::InvalidForm => "The body is not a form",
            Self::BodyIncomplete => "The body could not be read to its end",
            Self::ConflictingCredentials => "Two headers name different keys",
            Self::IdempotencyNotSupported => "Idempotency-Key is not honoured here",
            Self::IdempotencyKeyInvalid => "Idempotency-Key is not a key",
            Self::Unauthenticated => "A valid API key is needed",
            Self::InsufficientScope => "The key lacks a scope",
            Self::NotFound => "There is no such thing",
            Self::RouteNotFound => "There is no such path",
            Self::MethodNotAllowed => "The path does not take this method",
            Self::RequestTimeout => "The body took too long to arrive",
            Self::JobNotCancellable => "The job can no longer be cancelled",
            Self::NotDeadLettered => "The job is not dead",
            Self::PayloadDeleted => "The job's request was deleted",
            Self::FileInUse => "A batch needs the file",
            Self::ReplayRunning => "Another replay has not ended",
            Self::ReplayEnded => "The replay has ended",
            Self::CountChanged => "Other dead letters match",
            Self::NothingMatches => "No dead letter matches",
            Self::BatchEnded => "The batch has ended",
            Self::InvalidLines => "Lines of the batch are not valid",
            Self::EmptyBatch => "The batch has no line",
            Self::TooManyLines => "The batch has too many lines",
            Self::PayloadTooLarge => "The body is too large",
            Self::UriTooLong => "The URL is too long",
            Self::UnsupportedMediaType => "The body is of another media type",
            Self::ValidationFailed => "Fields or parameters are not valid",
            Self::IdempotencyKeyReused => "Idempotency-Key belongs to another request",
            Self::HeadersTooLarge => "The headers are too large",
            Self::Internal => "Something is wrong on our side",
            Self::StorageUnavailable => "The storage did not answer",
            Self::Misconfigured => "The deployment is not set up",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_everywhere_alike() {
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::json!(code), code.as_str());
        }
    }
}
