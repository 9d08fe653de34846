//! Which problems a route can answer with: those of every route like it, and its own.

use super::{REQUEST_ID, content, header};
use crate::problem::ProblemCode;
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
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
    for code in [EVERYWHERE, with_key, with_body, own].concat() {
        by_status
            .entry(code.status().as_u16())
            .or_default()
            .push(code);
    }
    by_status
        .into_iter()
        .map(|(status, codes)| (status, response(&codes)))
        .collect()
}

fn response(codes: &[ProblemCode]) -> Response {
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}.", code.as_str(), code.title()))
        .collect();
    let mut response = ResponseBuilder::new()
        .description(lines.join("\n\n"))
        .header_ref("X-Request-Id", Ref::new(REQUEST_ID))
        .content("application/problem+json", content("ProblemDocument"));
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
