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
    /// The body could not be read to its end.
    BodyIncomplete,
    /// `Authorization` and `X-API-Key` name different keys.
    ConflictingCredentials,
    /// `Idempotency-Key` was sent, and is not honoured yet.
    IdempotencyNotSupported,
    /// No valid key.
    Unauthenticated,
    /// The key lacks the scope.
    InsufficientScope,
    /// No such job or key.
    NotFound,
    /// No such path.
    RouteNotFound,
    /// The path does not take the method.
    MethodNotAllowed,
    /// The body took too long to arrive.
    RequestTimeout,
    /// The job has ended.
    JobNotCancellable,
    /// The body is over 1 MiB.
    PayloadTooLarge,
    /// Path and query are over 2 KiB.
    UriTooLong,
    /// The body is not `application/json`, or is compressed.
    UnsupportedMediaType,
    /// Fields or parameters are wrong.
    ValidationFailed,
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
    pub const ALL: [Self; 19] = [
        Self::InvalidJson,
        Self::BodyIncomplete,
        Self::ConflictingCredentials,
        Self::IdempotencyNotSupported,
        Self::Unauthenticated,
        Self::InsufficientScope,
        Self::NotFound,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::JobNotCancellable,
        Self::PayloadTooLarge,
        Self::UriTooLong,
        Self::UnsupportedMediaType,
        Self::ValidationFailed,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::StorageUnavailable,
        Self::Misconfigured,
    ];

    const fn describe(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::InvalidJson => (
                "invalid-json",
                StatusCode::BAD_REQUEST,
                "The body is not strict JSON",
            ),
            Self::BodyIncomplete => (
                "body-incomplete",
                StatusCode::BAD_REQUEST,
                "The body could not be read to its end",
            ),
            Self::ConflictingCredentials => (
                "conflicting-credentials",
                StatusCode::BAD_REQUEST,
                "Two headers name different keys",
            ),
            Self::IdempotencyNotSupported => (
                "idempotency-not-supported",
                StatusCode::BAD_REQUEST,
                "Idempotency-Key is not honoured yet",
            ),
            Self::Unauthenticated => (
                "unauthenticated",
                StatusCode::UNAUTHORIZED,
                "A valid API key is needed",
            ),
            Self::InsufficientScope => (
                "insufficient-scope",
                StatusCode::FORBIDDEN,
                "The key lacks a scope",
            ),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is no such thing"),
            Self::RouteNotFound => (
                "route-not-found",
                StatusCode::NOT_FOUND,
                "There is no such path",
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "The path does not take this method",
            ),
            Self::RequestTimeout => (
                "request-timeout",
                StatusCode::REQUEST_TIMEOUT,
                "The body took too long to arrive",
            ),
            Self::JobNotCancellable => (
                "job-not-cancellable",
                StatusCode::CONFLICT,
                "The job can no longer be cancelled",
            ),
            Self::PayloadTooLarge => (
                "payload-too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
            ),
            Self::UriTooLong => (
                "uri-too-long",
                StatusCode::URI_TOO_LONG,
                "The URL is too long",
            ),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must be plain JSON",
            ),
            Self::ValidationFailed => (
                "validation-failed",
                StatusCode::UNPROCESSABLE_ENTITY,
                "Fields or parameters are not valid",
            ),
            Self::HeadersTooLarge => (
                "headers-too-large",
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The headers are too large",
            ),
            Self::Internal => (
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something is wrong on our side",
            ),
            Self::StorageUnavailable => (
                "storage-unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The storage did not answer",
            ),
            Self::Misconfigured => (
                "misconfigured",
                StatusCode::SERVICE_UNAVAILABLE,
                "The deployment is not set up",
            ),
        }
    }

    /// The code as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.describe().0
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.describe().1
    }

    /// The kind of problem in a few words, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.describe().2
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
