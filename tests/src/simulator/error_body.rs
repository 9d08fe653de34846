//! What providers, and the proxies in front of them, send with an error.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::simulator::hint::{self, Header};
use crate::simulator::ledger::now_ms;
use crate::simulator::reply::{Failure, Words};
use crate::simulator::route::Vendor;

/// What is known of the call that an error answers.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) vendor: Vendor,
    pub(crate) model: String,
    pub(crate) prompt_tokens: usize,
    pub(crate) sequence: u64,
    /// What the call carries to say who makes it.
    pub(crate) credentials: Credentials,
}

/// The keys of a call, for the errors that repeat them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    /// The key in the header of the vendor, without what stands in front of it.
    pub(crate) key: String,
    /// Every header with a key in it, as it was sent.
    pub(crate) headers: String,
}

/// An error as it goes over the wire.
#[derive(Debug)]
pub(crate) struct ErrorBody {
    status: StatusCode,
    content: Content,
    headers: Vec<Header>,
}

#[derive(Debug)]
enum Content {
    /// From the provider itself.
    Json(String),
    /// From a proxy that stands in front of it.
    Html(String),
    Plain(String),
}

impl ErrorBody {
    /// An error of the provider itself.
    pub(crate) fn json(status: StatusCode, content: &Value) -> Self {
        Self {
            status,
            content: Content::Json(content.to_string()),
            headers: Vec::new(),
        }
    }

    /// The error of a model that fails.
    pub(crate) fn of(failure: Failure, known: &Known) -> Self {
        let status = StatusCode::from_u16(failure.status).unwrap_or_default();
        let now = now_ms() / 1_000;
        let mut headers = hint::headers(failure.hint, known.vendor, failure.status, now);
        if let Some(value) = failure.should_retry {
            headers.push(("x-should-retry", value.to_string()));
        }
        let seconds = headers
            .iter()
            .find(|(name, _)| *name == "retry-after")
            .map_or("0", |(_, seconds)| seconds.as_str());
        let fill = |text: &str, model: &str| {
            text.replace("{model}", model)
                .replace("{seconds}", seconds)
                .replace("{prompt_tokens}", &known.prompt_tokens.to_string())
                .replace("{key}", &known.credentials.key)
                .replace("{credentials}", &known.credentials.headers)
        };
        let content = match failure.words {
            Words::Own {
                kind,
                code,
                message,
            } => {
                let [kind, message] = [kind, message].map(|text| fill(text, &known.model));
                let code = code.map(|code| fill(code, &known.model));
                let object = known.own_error(&kind, code.as_deref(), &message);
                Content::Json(object.to_string())
            }
            Words::Json(text) => {
                let quoted = Value::from(known.model.as_str()).to_string();
                Content::Json(fill(text, quoted.trim_matches('"')))
            }
            Words::Plain(text) => Content::Plain(text.to_owned()),
            Words::Page => Content::Html(page(status)),
        };
        Self {
            status,
            content,
            headers,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The body alone.
    pub(crate) fn into_text(self) -> String {
        match self.content {
            Content::Json(text) | Content::Html(text) | Content::Plain(text) => text,
        }
    }

    /// The response. Only the provider itself puts its request id on it.
    pub(crate) fn into_response(self, vendor: Vendor, sequence: u64) -> Response {
        let (media_type, text, own) = match self.content {
            Content::Json(text) => ("application/json", text, true),
            Content::Html(text) => ("text/html; charset=utf-8", text, false),
            Content::Plain(text) => ("text/plain; charset=utf-8", text, false),
        };
        let media_type = [(header::CONTENT_TYPE, media_type)];
        let mut response = (self.status, media_type, Body::from(text)).into_response();
        if own {
            put_id(response.headers_mut(), vendor, sequence);
        }
        put(response.headers_mut(), self.headers);
        response
    }
}

/// Names the answer in the header of the vendor.
pub(crate) fn put_id(headers: &mut HeaderMap, vendor: Vendor, sequence: u64) {
    let id = vendor.request_id(sequence);
    put(headers, vendor.id_header().map(|name| (name, id)));
    if vendor == Vendor::Azure {
        let id = Vendor::OpenAi.request_id(sequence);
        put(headers, [("x-request-id", id)]);
    }
}

/// Sets these headers.
pub(crate) fn put(headers: &mut HeaderMap, more: impl IntoIterator<Item = Header>) {
    for (name, value) in more {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// The page of HTML that a proxy shows with this status.
pub(crate) fn page(status: StatusCode) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{status}</title></head>\n\
         <body>\n<center><h1>{status}</h1></center>\n<hr><center>nginx</center>\n</body>\n</html>\n"
    )
}
