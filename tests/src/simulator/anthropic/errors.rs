//! The errors of Anthropic.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::simulator::error_body::{ErrorBody, Known};
use crate::simulator::reply::Failure;

/// The prompt has more tokens than the model can read.
pub(crate) const CONTEXT_TOO_LONG: Failure = Failure::own(
    400,
    "invalid_request_error",
    None,
    "prompt is too long: {prompt_tokens} tokens > 0 maximum",
);

/// The account is out of money.
pub(crate) const QUOTA_EXHAUSTED: Failure = Failure::own(
    429,
    "rate_limit_error",
    Some("enforced_spend_limit_reached"),
    "This request would exceed the spend limit of your organization.",
);

/// The error object. The code stands in its details, which are left out without one.
pub(crate) fn object(message: &str, kind: &str, code: Option<&str>, request_id: &str) -> Value {
    let mut error = json!({"type": kind, "message": message});
    if let (Some(code), Some(fields)) = (code, error.as_object_mut()) {
        fields.insert("details".to_owned(), json!({"error_code": code}));
    }
    json!({"type": "error", "error": error, "request_id": request_id})
}

/// What a model named after this status answers.
pub(crate) const fn of_status(status: u16) -> Failure {
    let (kind, message) = match status {
        401 => ("authentication_error", "invalid x-api-key"),
        402 => ("billing_error", "Your credit balance is too low."),
        403 => (
            "permission_error",
            "Your API key does not have permission to use the specified resource.",
        ),
        404 => ("not_found_error", "model: {model}"),
        408 | 504 => ("timeout_error", "The request timed out."),
        409 => ("conflict_error", "The resource is being changed."),
        413 => (
            "request_too_large",
            "Request exceeds the maximum allowed number of bytes.",
        ),
        429 => (
            "rate_limit_error",
            "This request would exceed your organization's rate limit.",
        ),
        529 => ("overloaded_error", "Overloaded"),
        400..=499 => ("invalid_request_error", "The request was refused."),
        _ => ("api_error", "Internal server error"),
    };
    Failure::own(status, kind, None, message)
}

/// 401: the key is missing or wrong.
pub(crate) fn unauthorized(known: &Known, is_missing: bool) -> ErrorBody {
    let message = if is_missing {
        "x-api-key header is required"
    } else {
        "invalid x-api-key"
    };
    let content = known.own_error("authentication_error", None, message);
    ErrorBody::json(StatusCode::UNAUTHORIZED, &content)
}
