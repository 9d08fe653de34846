//! Requests that are refused: each by a problem that names the rule, and nothing is stored.

mod bodies;
mod connections;
mod headers;
mod routes;

use anyhow::{Context as _, Result};
use redrive_tests::client::Answer;
use redrive_tests::stage::{Stage, Tenant};
use serde_json::Value;

use crate::stages::shared;

const GENERATE: &str = "/api/v1/generate";

/// What a refusal must say.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    status: u16,
    code: &'static str,
    /// Pointers to fields, or names of parameters.
    named: &'static [&'static str],
}

const fn refusal(status: u16, code: &'static str) -> Refusal {
    Refusal {
        status,
        code,
        named: &[],
    }
}

/// 422 that names these fields or parameters, and no others.
const fn invalid(named: &'static [&'static str]) -> Refusal {
    Refusal {
        status: 422,
        code: "validation-failed",
        named,
    }
}

const NO_JSON: Refusal = refusal(400, "invalid-json");
const UNAUTHENTICATED: Refusal = refusal(401, "unauthenticated");
const NOT_FOUND: Refusal = refusal(404, "not-found");
const TOO_LARGE: Refusal = refusal(413, "payload-too-large");
const NO_MEDIA_TYPE: Refusal = refusal(415, "unsupported-media-type");

/// Runs a test with a tenant that has nothing, and sees that it has nothing afterwards.
fn nothing_stored(test: impl AsyncFnOnce(&Stage, &Tenant) -> Result<()>) -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        test(stage, &tenant).await?;
        assert_eq!(
            tenant.client.jobs().await?,
            Vec::<String>::new(),
            "something was stored"
        );
        Ok(())
    })
}

/// Holds an answer to a refusal; `what` was refused.
fn check(what: &str, answer: &Answer, expected: Refusal) -> Result<()> {
    let told = format!("{what}: {} {}", answer.status, answer.body);
    assert_eq!(answer.status, expected.status, "{told}");
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{told}"
    );
    check_problem(&told, &answer.body, expected)?;
    let problem: Value = serde_json::from_str(&answer.body)?;
    assert_eq!(
        problem["requestId"],
        answer.header("x-request-id"),
        "{told}"
    );
    assert_eq!(
        answer.status == 401,
        !answer.header("www-authenticate").is_empty(),
        "{told}"
    );
    Ok(())
}

fn check_problem(told: &str, body: &str, expected: Refusal) -> Result<()> {
    let problem: Value = serde_json::from_str(body).with_context(|| told.to_owned())?;
    assert_eq!(problem["status"], expected.status, "{told}");
    assert_eq!(problem["code"], expected.code, "{told}");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|detail| detail.len() > 10),
        "{told}"
    );
    let errors = problem["errors"].as_array();
    let named: Vec<&str> = errors
        .into_iter()
        .flatten()
        .filter_map(|error| error["pointer"].as_str().or(error["parameter"].as_str()))
        .collect();
    assert_eq!(named, expected.named, "{told}");
    for leak in [
        "panicked", "SQL", "sqlite", "D1_ERROR", "serde", ".rs:", "wasm",
    ] {
        assert!(!body.contains(leak), "{told}");
    }
    Ok(())
}
