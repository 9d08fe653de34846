//! The vendor's envelope of errors.

use serde::Serialize;

/// The body of every answer below `/v1/` that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = OpenAiError)]
pub struct ErrorEnvelope {
    /// What is wrong.
    pub error: ErrorObject,
}

/// What is wrong with a request, or became of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = OpenAiErrorObject)]
pub struct ErrorObject {
    /// What is wrong, and what to do.
    pub message: String,
    /// Whose fault it is, roughly.
    pub r#type: ErrorType,
    /// The parameter that is wrong; `null`: none is.
    #[schema(required)]
    pub param: Option<String>,
    /// The kind of error, for programs.
    #[schema(required)]
    pub code: Option<String>,
}

/// Whose fault an error is, in the vendor's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OpenAiErrorType)]
pub enum ErrorType {
    /// The request's.
    InvalidRequestError,
    /// The key's.
    AuthenticationError,
    /// The key's scopes'.
    PermissionError,
    /// Too much at a time.
    RateLimitError,
    /// Nothing left to pay with.
    InsufficientQuota,
    /// Ours, or the provider's.
    ServerError,
}

impl ErrorType {
    /// The type of an HTTP status.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::AuthenticationError,
            403 => Self::PermissionError,
            429 => Self::RateLimitError,
            500.. => Self::ServerError,
            _ => Self::InvalidRequestError,
        }
    }
}

impl ErrorEnvelope {
    /// An error of a status.
    #[must_use]
    pub fn new(
        status: u16,
        code: impl Into<String>,
        message: impl Into<String>,
        param: Option<String>,
    ) -> Self {
        Self {
            error: ErrorObject {
                message: message.into(),
                r#type: ErrorType::of_status(status),
                param,
                code: Some(code.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_has_every_field() {
        let envelope = ErrorEnvelope::new(404, "not_found", "There is no such file.", None);
        let expected = json!({"error": {
            "message": "There is no such file.",
            "type": "invalid_request_error",
            "param": null,
            "code": "not_found",
        }});
        assert_eq!(json!(envelope), expected);
    }

    #[test]
    fn a_status_says_whose_fault_it_is() {
        let of = |status| json!(ErrorType::of_status(status));
        for status in [400, 404, 405, 409, 413, 415, 422] {
            assert_eq!(of(status), "invalid_request_error");
        }
        assert_eq!(of(401), "authentication_error");
        assert_eq!(of(403), "permission_error");
        assert_eq!(of(429), "rate_limit_error");
        for status in [500, 503] {
            assert_eq!(of(status), "server_error");
        }
    }
}
