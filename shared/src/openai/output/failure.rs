//! Why a line has no answer.

use super::super::error::{ErrorEnvelope, ErrorType};
use super::LineError;
use crate::error_code::ErrorCode;
use crate::job::JobRecord;
use serde_json::Value;

/// A line whose request was not answered before its batch was cancelled.
pub(super) const CANCELLED: LineError = LineError {
    code: "batch_cancelled",
    message: "This request was cancelled before it was answered.",
};

/// A line whose time was over.
pub(super) const EXPIRED: LineError = LineError {
    code: "batch_expired",
    message: "This request could not be answered before its completion window ended.",
};

/// A line whose answer was deleted before the file was written.
pub(super) const DELETED: LineError = LineError {
    code: "answer_deleted",
    message: "The answer was deleted when its time was over.",
};

/// A line whose answer no line can hold.
pub(super) const TOO_LARGE: LineError = LineError {
    code: "answer_too_large",
    message: "The answer is too large for this file: read the job of this line.",
};

/// A line whose job was put back by an operator after its batch had ended.
pub(super) const REPLAYED: LineError = LineError {
    code: "replayed",
    message: "This request was put back after its batch had ended: read the job of this line.",
};

/// The status and the error of a job that failed or died; or why its request was never answered.
pub(super) fn of(job: &JobRecord) -> Result<(u16, Value), LineError> {
    let code = job.error_code.unwrap_or(ErrorCode::Unknown);
    if code == ErrorCode::DeadlineExceeded {
        return Err(EXPIRED);
    }
    let cause = job.error.as_ref().and_then(|error| error.cause);
    let told = cause.filter(|_| code == ErrorCode::AttemptsExhausted);
    let (status, vendors) = seen_as(told.unwrap_or(code));
    let message = job.error.as_ref().map(|error| error.message.as_str());
    let message = message.unwrap_or("The request was not answered.");
    let code = vendors.unwrap_or_else(|| code.as_str());
    let mut envelope = ErrorEnvelope::new(status, code, message, None);
    if code == QUOTA {
        envelope.error.r#type = ErrorType::InsufficientQuota;
    }
    let body = serde_json::to_value(envelope).or(Err(DELETED))?;
    Ok((status, body))
}

const QUOTA: &str = "insufficient_quota";

/// The status that the vendor answers in such a case, and its own code where it has one.
const fn seen_as(code: ErrorCode) -> (u16, Option<&'static str>) {
    match code {
        ErrorCode::ContextLengthExceeded => (400, Some("context_length_exceeded")),
        ErrorCode::ContentFiltered => (400, Some("content_filter")),
        ErrorCode::InvalidRequest | ErrorCode::Refused => (400, None),
        ErrorCode::PayloadTooLarge => (413, None),
        ErrorCode::ProviderAuth => (401, None),
        ErrorCode::ProviderForbidden => (403, None),
        ErrorCode::ModelUnavailable => (404, Some("model_not_found")),
        ErrorCode::ProviderRateLimited => (429, Some("rate_limit_exceeded")),
        ErrorCode::ProviderBilling => (429, Some(QUOTA)),
        ErrorCode::ProviderUnreachable | ErrorCode::ProviderBadResponse => (502, None),
        ErrorCode::ProviderUnavailable => (503, None),
        ErrorCode::ProviderTimeout | ErrorCode::ProviderPending => (504, None),
        ErrorCode::ProviderMisconfigured
        | ErrorCode::ProviderError
        | ErrorCode::InvalidOutput
        | ErrorCode::OutputTooLarge
        | ErrorCode::UnreadableRequest
        | ErrorCode::LeaseExpired
        | ErrorCode::AttemptsExhausted
        | ErrorCode::Poison
        | ErrorCode::DeadlineExceeded
        | ErrorCode::Unknown => (500, None),
    }
}
