use anyhow::{Context as _, Result};
use redrive_tests::client::{Answer, PROMPT, column};
use reqwest::Method;
use serde_json::{Value, json};

use super::{NOT_FOUND, check, invalid, nothing_stored, refusal};
use crate::stages::shared;

const EVERY_METHOD: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// Parameters of the list of jobs, and the one of them that is refused.
const PARAMETERS: [(&str, &[&str]); 23] = [
    ("limit=0", &["limit"]),
    ("limit=-1", &["limit"]),
    ("limit=101", &["limit"]),
    ("limit=1000000000", &["limit"]),
    ("limit=99999999999999999999", &["limit"]),
    ("limit=abc", &["limit"]),
    ("limit=1.5", &["limit"]),
    ("limit=%2B1", &["limit"]),
    ("limit=", &["limit"]),
    ("limit=1&limit=2", &["limit"]),
    ("sort=drop", &["sort"]),
    ("status=done", &["status"]),
    ("status=queued%00", &["status"]),
    ("status=%FF", &["status"]),
    ("kind=dream", &["kind"]),
    ("refId=1", &["refType"]),
    ("refType=a&refId=%00", &["refId"]),
    ("createdAfter=yesterday", &["createdAfter"]),
    ("createdBefore=2026-13-01T00:00:00Z", &["createdBefore"]),
    ("cursor=", &["cursor"]),
    ("cursor=x", &["cursor"]),
    ("cursor=AAAA%00", &["cursor"]),
    ("cursor=' OR 1=1;--", &["cursor"]),
];

#[test]
fn parameter_that_breaks_a_rule_is_named() -> Result<()> {
    nothing_stored(async |_, tenant| {
        for (query, named) in PARAMETERS {
            let answer = tenant.client.get(&format!("/api/v1/jobs?{query}")).await?;
            check(query, &answer, invalid(named))?;
        }
        let submission = json!({"prompt": PROMPT});
        let answer = tenant
            .client
            .post("/api/v1/generate?dry=1", &submission)
            .await?;
        check("generate?dry=1", &answer, invalid(&["dry"]))?;
        let long = format!("/api/v1/jobs?cursor={}", "A".repeat(2_048));
        let answer = tenant.client.get(&long).await?;
        check("a long URL", &answer, refusal(414, "uri-too-long"))
    })
}

#[test]
fn cursor_of_another_list_is_refused() -> Result<()> {
    nothing_stored(async |stage, tenant| {
        let stranger = stage.tenant().await?;
        for _ in 0..2 {
            stranger.client.submit("sim-ok", json!({})).await?;
        }
        let page = stranger
            .client
            .get("/api/v1/jobs?limit=1")
            .await?
            .json(200)?;
        let foreign = page["nextCursor"].as_str().context("no cursor")?;
        let same = stranger
            .client
            .get(&format!("/api/v1/jobs?cursor={foreign}"))
            .await?;
        assert_eq!(column(&same.json(200)?["data"], "jobId").len(), 1);
        let filtered = format!("/api/v1/jobs?status=queued&cursor={foreign}");
        let answer = stranger.client.get(&filtered).await?;
        check("another filter", &answer, invalid(&["cursor"]))?;
        for cursor in [foreign, &"A".repeat(34), &"A".repeat(1_000)] {
            let answer = tenant
                .client
                .get(&format!("/api/v1/jobs?cursor={cursor}"))
                .await?;
            check(cursor, &answer, invalid(&["cursor"]))?;
        }
        Ok(())
    })
}

#[test]
fn what_is_no_id_is_not_found() -> Result<()> {
    nothing_stored(async |_, tenant| {
        for id in [
            "x",
            "job_",
            "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f0",
            "JOB_019DC2D7C93C7C3A9D2F5A1B7C8E9F00",
            "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00%00",
            "job_%30",
            "%00",
            "..%2f..%2fadmin",
            "' OR 1=1;--",
            "%FF%FE",
        ] {
            let answer = tenant.client.get(&format!("/api/v1/jobs/{id}")).await?;
            check(id, &answer, NOT_FOUND)?;
            let answer = tenant
                .client
                .get(&format!("/api/v1/generate/{id}/status"))
                .await?;
            check(id, &answer, NOT_FOUND)?;
            let path = format!("/api/v1/jobs/{id}/cancel");
            let answer = Answer::of(tenant.client.request(Method::POST, &path)).await?;
            check(id, &answer, NOT_FOUND)?;
        }
        Ok(())
    })
}

#[test]
fn path_that_is_not_in_the_api_is_not_found() -> Result<()> {
    nothing_stored(async |_, tenant| {
        for path in [
            "/",
            "/api",
            "/api/v1",
            "/api/v2/jobs",
            "/api/v1/jobs/",
            "/api/v1/jobs/x/y/z",
            "/api//v1/jobs",
            "/API/v1/jobs",
            "/api/v1/generate/",
            "/__local",
            "/.env",
            "/wrangler.toml",
        ] {
            let answer = tenant.client.get(path).await?;
            check(path, &answer, refusal(404, "route-not-found"))?;
        }
        Ok(())
    })
}

#[test]
fn every_path_refuses_the_methods_it_does_not_take() -> Result<()> {
    nothing_stored(async |_, tenant| {
        let description = tenant.client.get("/api/openapi.json").await?.json(200)?;
        for (path, operations) in description["paths"].as_object().context("no paths")? {
            let sent = path.replace("{id}", "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00");
            let taken = |method: &Method| {
                operations
                    .get(method.as_str().to_lowercase())
                    .is_some_and(Value::is_object)
            };
            for method in EVERY_METHOD.iter().filter(|method| !taken(method)) {
                let answer = Answer::of(tenant.client.request(method.clone(), &sent)).await?;
                let told = format!("{method} {path}");
                if path.starts_with("/v1/") {
                    // The vendor's own envelope.
                    let error = &answer.json(405)?["error"];
                    assert!(error["message"].is_string(), "{told}: {}", answer.body);
                } else {
                    check(&told, &answer, refusal(405, "method-not-allowed"))?;
                }
                let allowed: Vec<&str> = answer.header("allow").split(", ").collect();
                for other in &EVERY_METHOD {
                    assert_eq!(
                        allowed.contains(&other.as_str()),
                        taken(other),
                        "{path}: {allowed:?}"
                    );
                }
            }
        }
        Ok(())
    })
}

#[test]
fn head_and_options_answer_without_a_body() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for (method, path, status) in [
            (Method::HEAD, "/api/health", 200),
            (Method::HEAD, "/api/v1/jobs", 200),
            (Method::HEAD, "/api/v1/jobs/x", 404),
            (Method::OPTIONS, "/api/v1/generate", 204),
            (Method::OPTIONS, "/api/v1/jobs/x", 204),
        ] {
            let answer = Answer::of(tenant.client.request(method.clone(), path)).await?;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (status, ""),
                "{method} {path}"
            );
        }
        Ok(())
    })
}
