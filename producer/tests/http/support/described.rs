//! Holds what the API answers against what its description promises.

use super::Reply;
use http::Method;
use redrive_producer::ROUTES;
use serde_json::Value;
use std::sync::LazyLock;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../docs/openapi.json")).expect("it is JSON")
});

/// The path of the description that a request path matches.
fn described_path(path: &str) -> Option<&'static str> {
    let segments: Vec<&str> = path.split('/').collect();
    ROUTES.iter().map(|route| route.path).find(|pattern| {
        let names: Vec<&str> = pattern.split('/').collect();
        names.len() == segments.len()
            && names
                .iter()
                .zip(&segments)
                .all(|(name, segment)| name == segment || (*name == "{id}" && !segment.is_empty()))
    })
}

/// Panics when the description does not promise this status, or this problem, for the route.
pub(crate) fn check(method: &Method, path: &str, reply: &Reply) {
    let asked = if method == Method::HEAD {
        "get".to_owned()
    } else {
        method.as_str().to_lowercase()
    };
    let operation =
        described_path(path).map_or(&Value::Null, |path| &DESCRIPTION["paths"][path][&asked]);
    if operation.is_null() {
        let expected: &[u16] = if method == Method::OPTIONS {
            &[204, 404]
        } else {
            &[404, 405, 414, 431]
        };
        assert!(
            expected.contains(&reply.status),
            "{method} {path}: {reply:?}"
        );
        return;
    }
    let promised = &operation["responses"][reply.status.to_string()];
    assert!(
        !promised.is_null(),
        "{method} {path} answers {} and does not say so",
        reply.status
    );
    if reply.header("content-type") == Some("application/problem+json") && !reply.text.is_empty() {
        let description = promised["description"].as_str().expect("a description");
        let code = format!("`{}`", reply.code());
        assert!(
            description.contains(&code),
            "{method} {path} does not promise {code}"
        );
    }
    if reply.status >= 400 && path.starts_with("/v1/") && !reply.text.is_empty() {
        let envelope = reply.json();
        let error = envelope["error"].as_object().expect("an envelope");
        let names: Vec<&str> = error.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "message", "param", "type"], "{reply:?}");
        let description = promised["description"].as_str().expect("a description");
        let code = format!("`{}`", error["code"].as_str().expect("a code"));
        assert!(
            description.contains(&code),
            "{method} {path} does not promise {code}"
        );
    }
    for name in [
        "retry-after",
        "location",
        "etag",
        "www-authenticate",
        "preference-applied",
        "idempotent-replayed",
    ] {
        let headers = promised["headers"].as_object();
        let is_promised =
            headers.is_some_and(|headers| headers.keys().any(|key| key.eq_ignore_ascii_case(name)));
        assert!(
            is_promised || reply.header(name).is_none(),
            "{method} {path} does not promise {name}"
        );
    }
}
