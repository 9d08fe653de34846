//! What providers, and the proxies in front of them, send with an error.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use crate::simulator::provider::X_REQUEST_ID;
use crate::simulator::request::InvalidRequest;

/// An error as it goes over the wire.
pub(crate) struct ErrorBody {
    status: StatusCode,
    content: Content,
    /// In seconds.
    retry_after: Option<u32>,
}

enum Content {
    /// From the provider itself.
    Json(Value),
    /// From a proxy that stands in front of it.
    Html(String),
}

impl ErrorBody {
    fn json(status: StatusCode, content: Value) -> Self {
        Self {
            status,
            content: Content::Json(content),
            retry_after: None,
        }
    }

    /// What a model named after this status answers.
    pub(crate) fn of_status(status: StatusCode, model: &str, retry_after: Option<u32>) -> Self {
        let content = match status.as_u16() {
            502 | 520..=530 if status.as_u16() != 529 => Content::Html(page(status)),
            code => Content::Json(json_of_status(code, model, retry_after)),
        };
        Self {
            status,
            content,
            retry_after,
        }
    }

    /// 400: the request is wrong.
    pub(crate) fn invalid_request(invalid: &InvalidRequest) -> Self {
        let error = openai(
            &invalid.message,
            "invalid_request_error",
            invalid.param.as_deref(),
            None,
        );
        Self::json(StatusCode::BAD_REQUEST, error)
    }

    /// 400: the prompt has more tokens than the model can read.
    pub(crate) fn context_too_long(prompt_tokens: usize) -> Self {
        let message = format!(
            "This model's maximum context length is 0 tokens. However, your messages resulted in \
             {prompt_tokens} tokens. Please reduce the length of the messages."
        );
        let code = Some("context_length_exceeded");
        let error = openai(&message, "invalid_request_error", Some("messages"), code);
        Self::json(StatusCode::BAD_REQUEST, error)
    }

    /// 401: the key is missing or wrong. Like the provider, it repeats parts of the key.
    pub(crate) fn unauthorized(key: Option<&str>) -> Self {
        let error = match key {
            None => openai(
                "You didn't provide an API key. You need to provide your API key in an \
                 Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
                "invalid_request_error",
                None,
                None,
            ),
            Some(key) => openai(
                &format!("Incorrect API key provided: {}.", masked(key)),
                "invalid_request_error",
                None,
                Some("invalid_api_key"),
            ),
        };
        Self::json(StatusCode::UNAUTHORIZED, error)
    }

    /// 404: there is no such model.
    pub(crate) fn unknown_model(model: &str) -> Self {
        let status = StatusCode::NOT_FOUND;
        Self::json(status, json_of_status(status.as_u16(), model, None))
    }

    /// 404 or 405: there is nothing at this path, or not for this method.
    pub(crate) fn unknown_path(status: StatusCode, method: &str, path: &str) -> Self {
        let message = format!("Invalid URL ({method} {path})");
        Self::json(
            status,
            openai(&message, "invalid_request_error", None, None),
        )
    }

    /// 413: the body is larger than the simulator reads.
    pub(crate) fn body_too_large() -> Self {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Self::json(status, json_of_status(status.as_u16(), "", None))
    }

    /// 429: the account is out of money.
    pub(crate) fn quota_exhausted() -> Self {
        let error = openai(
            "You exceeded your current quota, please check your plan and billing details.",
            "insufficient_quota",
            None,
            Some("insufficient_quota"),
        );
        Self::json(StatusCode::TOO_MANY_REQUESTS, error)
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The response. Only the provider itself puts its request id on it.
    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let mut response = match self.content {
            Content::Json(error) => {
                let id = [(X_REQUEST_ID, request_id)];
                (self.status, id, Json(error)).into_response()
            }
            Content::Html(page) => (self.status, Html(page)).into_response(),
        };
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
            if self.status == StatusCode::TOO_MANY_REQUESTS {
                headers.extend(rate_limits(seconds));
            }
        }
        response
    }
}

/// The error body of an HTTP 200 whose model failed after it had begun, as `OpenRouter` sends it.
pub(crate) fn in_a_good_status() -> Value {
    json!({"error": {
        "code": 502,
        "message": "Provider returned error",
        "metadata": {"provider_name": "simulated"},
    }})
}

/// The page of HTML that a proxy shows with this status.
pub(crate) fn page(status: StatusCode) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{status}</title></head>\n\
         <body>\n<center><h1>{status}</h1></center>\n<hr><center>nginx</center>\n</body>\n</html>\n"
    )
}

fn json_of_status(status: u16, model: &str, retry_after: Option<u32>) -> Value {
    let invalid = "invalid_request_error";
    match status {
        401 => openai(
            "Incorrect API key provided: ***.",
            invalid,
            None,
            Some("invalid_api_key"),
        ),
        // The shape of OpenRouter; OpenAI sends no 402.
        402 => json!({"error": {"code": 402, "message": "Insufficient credits"}}),
        403 => openai(
            "Country, region, or territory not supported",
            "request_forbidden",
            None,
            Some("unsupported_country_region_territory"),
        ),
        404 => openai(
            &format!("The model `{model}` does not exist or you do not have access to it."),
            invalid,
            None,
            Some("model_not_found"),
        ),
        413 => openai(
            "The request body is too large.",
            invalid,
            None,
            Some("request_too_large"),
        ),
        // The shape of a gateway built with FastAPI.
        422 => json!({"detail": [{
            "type": "value_error",
            "loc": ["body", "messages", 0],
            "msg": "Value error, the simulator refuses every message",
        }]}),
        429 => openai(
            &rate_limit_message(model, retry_after),
            "requests",
            None,
            Some("rate_limit_exceeded"),
        ),
        503 => openai(
            "Our servers are currently overloaded. Please try again later.",
            "service_unavailable_error",
            None,
            Some("server_is_overloaded"),
        ),
        529 => openai("Overloaded", "overloaded_error", None, None),
        400..=499 => openai("The request was refused.", invalid, None, None),
        _ => openai(
            "The server had an error while processing your request. Sorry about that!",
            "server_error",
            None,
            None,
        ),
    }
}

/// The headers that tell of a request limit that has been reached.
fn rate_limits(seconds: u32) -> [(HeaderName, HeaderValue); 3] {
    // A duration as the Go language writes it.
    let reset = HeaderValue::from_str(&format!("{seconds}s"));
    [
        ("x-ratelimit-limit-requests", Ok(HeaderValue::from(3))),
        ("x-ratelimit-remaining-requests", Ok(HeaderValue::from(0))),
        ("x-ratelimit-reset-requests", reset),
    ]
    .map(|(name, value)| {
        let value = value.unwrap_or_else(|_| HeaderValue::from(seconds));
        (HeaderName::from_static(name), value)
    })
}

fn rate_limit_message(model: &str, retry_after: Option<u32>) -> String {
    let seconds = retry_after.unwrap_or_default();
    format!(
        "Rate limit reached for {model} in organization org-simulated on requests per min (RPM): \
         Limit 3, Used 3, Requested 1. Please try again in {seconds}s."
    )
}

/// The error object of the wire format; all four fields are always there.
fn openai(message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Value {
    json!({"error": {"message": message, "type": kind, "param": param, "code": code}})
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
