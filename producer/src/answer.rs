//! Answers: a status, headers, and a JSON body.

use crate::problem::Problem;
use axum::body::Body;
use axum::response::Response;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

/// What is sent back, before the headers that every answer carries.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    body: Body,
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Body::empty(),
        }
    }

    /// An answer with JSON text.
    pub(crate) fn text(status: StatusCode, body: String) -> Self {
        let headers = HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )]);
        Self {
            status,
            headers,
            body: Body::from(body),
        }
    }

    /// An answer that is made while it is sent.
    pub(crate) fn stream(content_type: &'static str, body: Body) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
            body,
        }
    }

    /// An answer with a value as JSON.
    ///
    /// # Errors
    /// 500 when the value has no JSON form.
    pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, Problem> {
        serde_json::to_string(value)
            .map(|body| Self::text(status, body))
            .map_err(|error| Problem::internal(&error.to_string()))
    }

    /// The answer with one more header. A value that no header can carry is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The response, with the headers that every answer carries. Unless the answer says otherwise,
    /// nobody may store it.
    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        let headers = response.headers_mut();
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        if let Ok(value) = HeaderValue::from_str(request_id) {
            headers.insert("x-request-id", value);
        }
        response
    }
}
