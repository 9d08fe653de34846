//! What the simulated provider says, byte by byte.

use super::operation::Reply;
use redrive_shared::provider::{ProviderReply, TransportError};

/// A part of every prompt, key and answer: where it shows up outside the database and the cache,
/// something leaked.
pub(crate) const CANARY: &str = "canary";

/// A part of the prompt of a deadly job.
pub(crate) const DEADLY: &str = "deadly";

/// A reply as it travels, and the text of the answer that a result has to hold, if it is one.
pub(crate) type Said = (Result<ProviderReply, TransportError>, Option<String>);

/// What the provider says to `attempt` of `job`.
pub(crate) fn say(reply: Reply, job: &str, attempt: &str) -> Said {
    let answer = |text: String, finish: &str| {
        let body = format!(
            r#"{{"id":"chatcmpl-1","object":"chat.completion","model":"sim-1","choices":[{{"index":0,"finish_reason":"{finish}","message":{{"role":"assistant","content":"{text}"}}}}],"usage":{{"prompt_tokens":2,"completion_tokens":5,"total_tokens":7}}}}"#
        );
        (whole(200, &[], &body), Some(text))
    };
    let error = |status: u16, headers: &[(&str, &str)], kind: &str| {
        let body = format!(
            r#"{{"error":{{"message":"no, {CANARY} prompt","type":"{kind}","param":null,"code":"{kind}"}}}}"#
        );
        (whole(status, headers, &body), None)
    };
    match reply {
        Reply::Answer => answer(format!("{CANARY} answer of {attempt} to {job}"), "stop"),
        Reply::CutAnswer => answer(format!("{CANARY} cut {attempt} {job}"), "length"),
        Reply::EmptyAnswer => answer(String::new(), "stop"),
        Reply::Throttled => error(429, &[], "rate_limit_exceeded"),
        Reply::ThrottledFor20Seconds => error(429, &[("retry-after", "20")], "rate_limit_exceeded"),
        Reply::ThrottledForAnHour => error(429, &[("retry-after", "3600")], "rate_limit_exceeded"),
        Reply::Overloaded => error(503, &[], "overloaded_error"),
        Reply::Failed => error(500, &[], "server_error"),
        Reply::BadGateway => (whole(502, &[], "<html>bad gateway</html>"), None),
        Reply::FailedForGood => error(500, &[("x-should-retry", "false")], "server_error"),
        Reply::KeyRefused => error(401, &[], "invalid_api_key"),
        Reply::OutOfMoney => error(429, &[], "insufficient_quota"),
        Reply::NoSuchModel => error(404, &[], "model_not_found"),
        Reply::BadRequest => error(400, &[], "invalid_request_error"),
        Reply::TooLong => error(400, &[], "context_length_exceeded"),
        Reply::ErrorInside => error(200, &[], "server_error"),
        Reply::NoMessage => (whole(200, &[], r#"{"choices":[]}"#), None),
        Reply::Truncated => (whole(200, &[], r#"{"choices":[{"mess"#), None),
        Reply::Redirect => (whole(302, &[("location", "http://127.0.0.1/")], ""), None),
        Reply::Timeout => (Err(TransportError::Timeout), None),
        Reply::Unreachable => (Err(TransportError::Unreachable), None),
        Reply::ConnectionLost => (Err(TransportError::BodyInterrupted), None),
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a reply stands beside failures of the transport"
)]
fn whole(
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<ProviderReply, TransportError> {
    let headers = [("content-type", "application/json")]
        .iter()
        .chain(headers)
        .copied()
        .collect();
    Ok(ProviderReply {
        status,
        headers,
        body: body.as_bytes().to_vec(),
    })
}
