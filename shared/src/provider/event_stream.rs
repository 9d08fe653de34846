//! Streams of server-sent events, which are never asked for and come all the same: a proxy that
//! streams whatever it is asked, or a provider that begins one to say what went wrong.

use super::error_body::ErrorBody;
use super::lenient;
use serde_json::Value;

/// What a stream came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Streamed {
    /// An error, before the model said anything.
    Error(ErrorBody),
    /// Anything else: an answer, a part of one, or nothing.
    Other,
}

/// Reads a body that is no JSON; `None` when it is no stream of events either.
pub(super) fn read(body: &[u8]) -> Option<Streamed> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !["data:", "event:", "id:", "retry:", ":"]
        .iter()
        .any(|field| text.starts_with(field))
    {
        return None;
    }
    let mut named = "";
    for line in text.lines() {
        if let Some(name) = field(line, "event") {
            named = name;
        } else if let Some(data) = field(line, "data") {
            let Some(event) = lenient::json(data.as_bytes()) else {
                continue;
            };
            if is_error(named, &event) {
                let error = event.pointer("/response/error").unwrap_or(&event);
                return Some(Streamed::Error(ErrorBody::of_event(error)));
            }
            if says_something(&event) {
                break;
            }
        } else if line.trim().is_empty() {
            named = "";
        }
    }
    Some(Streamed::Other)
}

/// The value of a line `name: value`.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let value = line.strip_prefix(name)?.strip_prefix(':')?;
    Some(value.trim())
}

fn is_error(named: &str, event: &Value) -> bool {
    named == "error"
        || event.get("type").and_then(Value::as_str) == Some("error")
        || event
            .pointer("/response/error")
            .is_some_and(|error| !error.is_null())
        || ErrorBody::within(event).is_some()
}

/// Whether an event holds a piece of the answer, in any of the protocols.
fn says_something(event: &Value) -> bool {
    [
        "/choices/0/delta/content",
        "/delta/text",
        "/delta",
        "/response",
    ]
    .iter()
    .any(|place| lenient::text(event.pointer(place)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> Option<String> {
        match read(body.as_bytes()) {
            Some(Streamed::Error(error)) => error.names().next().map(str::to_owned),
            Some(Streamed::Other) | None => None,
        }
    }

    #[test]
    fn an_error_is_found_in_the_events_of_every_protocol() {
        for (body, expected) in [
            (
                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
                "overloaded_error",
            ),
            (
                ": OPENROUTER PROCESSING\n\ndata: {\"error\":{\"code\":429,\"message\":\"m\"}}\n\n",
                "429",
            ),
            (
                "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\ndata: {\"error\":{\"code\":\"server_error\"}}\n",
                "server_error",
            ),
            (
                "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"m\"}}}\n",
                "rate_limit_exceeded",
            ),
            (
                "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"m\"}\n",
                "server_error",
            ),
        ] {
            assert_eq!(code(body).as_deref(), Some(expected), "{body}");
        }
    }

    #[test]
    fn an_error_after_the_first_word_is_no_error_of_its_own() {
        for word in [
            r#"{"choices":[{"delta":{"content":"Once"}}]}"#,
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"Once"}}"#,
            r#"{"type":"response.output_text.delta","delta":"Once"}"#,
            r#"{"response":"Once"}"#,
        ] {
            let body = format!("data: {word}\n\ndata: {{\"error\":{{\"code\":500}}}}\n");
            assert_eq!(read(body.as_bytes()), Some(Streamed::Other), "{word}");
        }
    }

    #[test]
    fn what_is_no_stream_is_none() {
        for body in [
            "",
            "<html>data: 1</html>",
            "{\"data\": 1",
            "error code: 1015",
        ] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        assert_eq!(read(b"data: [DONE]\n"), Some(Streamed::Other));
    }
}
