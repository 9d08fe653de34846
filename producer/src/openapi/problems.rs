//! Which problems a route can answer with: those of every route like it, and its own.

use super::{REQUEST_ID, content, header};
use crate::problem::{ProblemCode, envelope};
use crate::route::{Access, Route, Takes};
use std::collections::BTreeMap;
use utoipa::openapi::{Ref, Response, ResponseBuilder};

const EVERYWHERE: &[ProblemCode] = &[
    ProblemCode::UriTooLong,
    ProblemCode::HeadersTooLarge,
    ProblemCode::Internal,
];

const WITH_KEY: &[ProblemCode] = &[
    ProblemCode::ConflictingCredentials,
    ProblemCode::Unauthenticated,
    ProblemCode::InsufficientScope,
    ProblemCode::ValidationFailed,
    ProblemCode::StorageUnavailable,
    ProblemCode::Misconfigured,
];

const WITH_BODY: &[ProblemCode] = &[
    ProblemCode::InvalidJson,
    ProblemCode::BodyIncomplete,
    ProblemCode::RequestTimeout,
    ProblemCode::PayloadTooLarge,
    ProblemCode::UnsupportedMediaType,
];

/// The problems of a route, one response a status.
pub(super) fn responses(route: &Route, own: &[ProblemCode]) -> Vec<(u16, Response)> {
    let with_key = if route.access == Access::Public {
        &[]
    } else {
        WITH_KEY
    };
    let with_body = if route.takes() == Takes::Nothing {
        &[]
    } else {
        WITH_BODY
    };
    let is_openai = envelope::is_for(route.path);
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
    for code in [EVERYWHERE, with_key, with_body, own].concat() {
        let status = if is_openai {
            envelope::status(code)
        } else {
            code.status()
        };
        by_status.entry(status.as_u16()).or_default().push(code);
    }
    by_status
        .into_iter()
        .map(|(status, codes)| (status, response(&codes, is_openai)))
        .collect()
}

fn response(codes: &[ProblemCode], is_openai: bool) -> Response {
    let line = |code: &ProblemCode| {
        let title = code.title();
        if is_openai {
            format!("`{}`: {title}.", envelope::code(*code))
        } else {
            format!("`{}`: {title}.", code.as_str())
        }
    };
    let lines: Vec<String> = codes.iter().map(line).collect();
    let (media_type, schema) = if is_openai {
        ("application/json", "OpenAiError")
    } else {
        ("application/problem+json", "ProblemDocument")
    };
    let mut response = ResponseBuilder::new()
        .description(lines.join("\n\n"))
        .header_ref("X-Request-Id", Ref::new(REQUEST_ID))
        .content(media_type, content(schema));
    if codes.contains(&ProblemCode::StorageUnavailable) {
        response = response.header(
            "Retry-After",
            header("Seconds to wait before trying again."),
        );
    }
    if codes.contains(&ProblemCode::Unauthenticated) {
        response = response.header("WWW-Authenticate", header("`Bearer`."));
    }
    response.build()
}
