//! The errors of `OpenAI`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::simulator::error_body::ErrorBody;
use crate::simulator::reply::Failure;

const INVALID: &str = "invalid_request_error";

/// The prompt has more tokens than the model can read.
pub(crate) const CONTEXT_TOO_LONG: Failure = Failure::json(
    400,
    r#"{"error":{"message":"This model's maximum context length is 0 tokens. However, your messages resulted in {prompt_tokens} tokens. Please reduce the length of the messages.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
);

/// The account is out of money.
pub(crate) const QUOTA_EXHAUSTED: Failure = Failure::own(
    429,
    "insufficient_quota",
    Some("insufficient_quota"),
    "You exceeded your current quota, please check your plan and billing details.",
);

/// The model failed after it had begun, as `OpenRouter` tells it.
pub(crate) const IN_A_GOOD_STATUS: Failure = Failure::json(
    502,
    r#"{"error":{"code":502,"message":"Provider returned error","metadata":{"provider_name":"simulated"}}}"#,
);

/// The error object; all four fields are always there.
pub(crate) fn object(message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Value {
    json!({"error": {"message": message, "type": kind, "param": param, "code": code}})
}

/// What a model named after this status answers.
pub(crate) const fn of_status(status: u16) -> Failure {
    match status {
        401 => Failure::own(
            status,
            INVALID,
            Some("invalid_api_key"),
            "Incorrect API key provided: ***.",
        ),
        // The shape of OpenRouter; OpenAI sends no 402.
        402 => Failure::json(
            status,
            r#"{"error":{"code":402,"message":"Insufficient credits"}}"#,
        ),
        403 => Failure::own(
            status,
            "request_forbidden",
            Some("unsupported_country_region_territory"),
            "Country, region, or territory not supported",
        ),
        404 => Failure::own(
            status,
            INVALID,
            Some("model_not_found"),
            "The model `{model}` does not exist or you do not have access to it.",
        ),
        413 => Failure::own(
            status,
            INVALID,
            Some("request_too_large"),
            "The request body is too large.",
        ),
        // The shape of a gateway built with FastAPI.
        422 => Failure::json(
            status,
            r#"{"detail":[{"type":"value_error","loc":["body","messages",0],"msg":"Value error, the simulator refuses every message"}]}"#,
        ),
        429 => Failure::own(
            status,
            "requests",
            Some("rate_limit_exceeded"),
            RATE_LIMITED,
        ),
        503 => Failure::own(
            status,
            "service_unavailable_error",
            Some("server_is_overloaded"),
            "Our servers are currently overloaded. Please try again later.",
        ),
        529 => Failure::own(status, "overloaded_error", None, "Overloaded"),
        400..=499 => Failure::own(status, INVALID, None, "The request was refused."),
        _ => Failure::own(
            status,
            "server_error",
            None,
            "The server had an error while processing your request. Sorry about that!",
        ),
    }
}

/// The message of a limit that has been reached.
pub(crate) const RATE_LIMITED: &str = "Rate limit reached for {model} in organization \
     org-simulated on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in \
     {seconds}s.";

/// 401: the key is missing or wrong. Like the provider, it repeats parts of the key.
pub(crate) fn unauthorized(key: Option<&str>) -> ErrorBody {
    let error = match key {
        None => object(
            "You didn't provide an API key. You need to provide your API key in an \
             Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            INVALID,
            None,
            None,
        ),
        Some(key) => object(
            &format!("Incorrect API key provided: {}.", masked(key)),
            INVALID,
            None,
            Some("invalid_api_key"),
        ),
    };
    ErrorBody::json(StatusCode::UNAUTHORIZED, &error)
}

/// The ends of a long key, as the provider repeats it; nothing of a short one.
fn masked(key: &str) -> String {
    let ends = key.get(..3).zip(key.get(key.len().saturating_sub(4)..));
    match ends {
        Some((first, last)) if key.len() >= 12 => format!("{first}********{last}"),
        _ => "********".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn masked_key_keeps_the_ends_of_a_long_key_only() {
        assert_eq!(masked("sk-abcdefghijkl"), "sk-********ijkl");
        assert_eq!(masked("short"), "********");
        assert_eq!(masked("üüüüüüüüüüüü"), "********");
        assert_eq!(masked(""), "********");
    }
}
