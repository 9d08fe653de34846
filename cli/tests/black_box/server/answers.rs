use std::convert::Infallible;
use std::io;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{Response, StatusCode};
use futures_util::stream;
use serde_json::{Value, json};

use super::faults::Fault;

/// An answer before faults: status, kind of content, and body.
pub(super) struct Answer {
    status: u16,
    kind: &'static str,
    body: AnswerBody,
    retry_after: Option<u64>,
    location: Option<&'static str>,
}

enum AnswerBody {
    Text(String),
    Lines(Box<dyn Iterator<Item = String> + Send>),
}

impl Answer {
    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            kind: "application/json",
            body: AnswerBody::Text(value.to_string()),
            retry_after: None,
            location: None,
        }
    }

    pub(super) fn lines(lines: impl Iterator<Item = String> + Send + 'static) -> Self {
        Self {
            kind: "application/x-ndjson",
            body: AnswerBody::Lines(Box::new(lines.map(|line| line + "\n"))),
            ..Self::json(200, &Value::Null)
        }
    }

    pub(super) fn problem(status: u16, code: &str, detail: &str, more: Value) -> Self {
        let mut document = json!({
            "type": format!("urn:redrive:problem:{code}"), "title": "A problem", "status": status,
            "detail": detail, "code": code, "requestId": "req_1",
        });
        if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
            document.extend(more);
        }
        Self {
            kind: "application/problem+json",
            ..Self::json(status, &document)
        }
    }

    pub(super) fn html(status: u16, text: &str, location: Option<&'static str>) -> Self {
        Self {
            kind: "text/html",
            body: AnswerBody::Text(text.to_owned()),
            location,
            ..Self::json(status, &Value::Null)
        }
    }

    pub(super) fn of_fault(status: u16, retry_after: Option<u64>) -> Self {
        let code = match status {
            429 => "too-many-requests",
            503 => "storage-unavailable",
            _ => "internal",
        };
        Self {
            retry_after,
            ..Self::problem(status, code, "Come again.", json!({}))
        }
    }

    /// The answer as it goes out, broken where a fault says so.
    pub(super) fn send(self, fault: Option<Fault>) -> Response<Body> {
        let mut response = Response::builder()
            .status(StatusCode::from_u16(self.status).unwrap())
            .header(CONTENT_TYPE, self.kind)
            .header("X-Request-Id", "req_1");
        if let Some(seconds) = self.retry_after {
            response = response.header(RETRY_AFTER, seconds);
        }
        if let Some(location) = self.location {
            response = response.header(LOCATION, location);
        }
        let keep = match fault {
            Some(Fault::LostAnswer) => Some((0, false)),
            Some(Fault::CutAfter(bytes)) => Some((bytes, false)),
            Some(Fault::HangIn(bytes)) => Some((bytes, true)),
            _ => None,
        };
        let body = match (self.body, keep) {
            (AnswerBody::Text(text), None) => Body::from(text),
            (AnswerBody::Lines(lines), None) => {
                Body::from_stream(stream::iter(lines.map(Ok::<_, Infallible>)))
            }
            (AnswerBody::Text(text), Some(keep)) => broken(text, keep),
            (AnswerBody::Lines(lines), Some(keep)) => broken(lines.collect(), keep),
        };
        response.body(body).unwrap()
    }
}

/// The first bytes of a body, and then an error or nothing at all.
fn broken(text: String, (bytes, hangs): (usize, bool)) -> Body {
    use futures_util::StreamExt as _;
    let mut first = text.into_bytes();
    first.truncate(bytes);
    let begin = stream::once(async { Ok(Bytes::from(first)) });
    // Given time to leave before the connection is cut.
    let cut = stream::once(async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        Err(io::Error::other("cut"))
    });
    if hangs {
        Body::from_stream(begin.chain(stream::pending()))
    } else {
        Body::from_stream(begin.chain(cut))
    }
}
