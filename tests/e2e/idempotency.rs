//! The same request, sent more than once.

use std::collections::BTreeSet;

use anyhow::Result;
use futures_util::future::try_join_all;
use redrive_tests::client::{Answer, Client, PROMPT, text};
use redrive_tests::stage::Tenant;
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use crate::stages::shared;

const GENERATE: &str = "/api/v1/generate";

async fn submit(client: &Client, key: &str, body: &Value) -> Result<Answer> {
    let post = client.request(Method::POST, GENERATE).json(body);
    Answer::of(post.header("idempotency-key", key)).await
}

fn request(model: &str) -> Value {
    json!({"prompt": PROMPT, "model": model})
}

fn is_repeated(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

fn code(answer: &Answer) -> Result<Value> {
    let problem: Value = serde_json::from_str(&answer.body)?;
    Ok(problem["code"].clone())
}

/// What the answers say that were given to these requests, all at once.
async fn at_once(tenant: &Tenant, key: &str, bodies: &[Value]) -> Result<Vec<Answer>> {
    try_join_all(bodies.iter().map(|body| submit(&tenant.client, key, body))).await
}

#[test]
fn f39_fifty_posts_at_once_with_one_key_make_one_job() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let bodies = vec![request("sim-ok@f39"); 50];
        let answers = at_once(&tenant, "\"f39\"", &bodies).await?;
        let told: BTreeSet<(u16, &str)> = answers
            .iter()
            .map(|answer| (answer.status, answer.body.as_str()))
            .collect();
        assert_eq!(told.len(), 1, "{told:?}");
        let repeated = answers.iter().filter(|answer| is_repeated(answer));
        assert_eq!(repeated.count(), 49);
        let job = text(&answers[0].json(202)?, "jobId")?;
        assert_eq!(tenant.client.jobs().await?, [job.as_str()]);
        tenant.client.job_in(&job, "succeeded").await?;
        assert_eq!(stage.calls(&job).await?.len(), 1);
        // The job has ended, and the key still names it.
        let later = submit(&tenant.client, "f39", &bodies[0]).await?;
        assert_eq!((later.status, is_repeated(&later)), (202, true));
        assert_eq!(later.body, answers[0].body);
        assert_eq!(stage.calls(&job).await?.len(), 1);
        Ok(())
    })
}

#[test]
fn f39_of_fifty_different_posts_at_once_one_gets_the_key() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let bodies: Vec<Value> = (1..=50)
            .map(|tokens| {
                let mut body = request("sim-ok@f39");
                body["maxTokens"] = json!(tokens);
                body
            })
            .collect();
        let answers = at_once(&tenant, "\"f39\"", &bodies).await?;
        let (accepted, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 202);
        assert_eq!((accepted.len(), refused.len()), (1, 49));
        for answer in refused {
            assert_eq!(answer.status, 422, "{}", answer.body);
            assert_eq!(code(answer)?, "idempotency-key-reused");
        }
        assert_eq!(tenant.client.jobs().await?.len(), 1);
        Ok(())
    })
}

#[test]
fn what_is_no_key_is_refused_and_stores_nothing() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let long = "k".repeat(256);
        let values: [&[u8]; 8] = [
            b"",
            b"\"\"",
            long.as_bytes(),
            b"\"open",
            b"two words",
            b"tab\tbed",
            "caf\u{e9}".as_bytes(),
            b"\"\xff\"",
        ];
        for value in values {
            let post = tenant.client.request(Method::POST, GENERATE);
            let post = post.json(&request("sim-ok@f39"));
            let post = post.header("idempotency-key", HeaderValue::from_bytes(value)?);
            let answer = Answer::of(post).await?;
            let told = format!("{value:?}: {} {}", answer.status, answer.body);
            assert_eq!(answer.status, 400, "{told}");
            assert_eq!(code(&answer)?, "idempotency-key-invalid", "{told}");
        }
        let post = tenant.client.request(Method::POST, GENERATE);
        let post = post.json(&request("sim-ok@f39"));
        let post = post.header("idempotency-key", "\"a\"");
        let twice = Answer::of(post.header("idempotency-key", "\"a\"")).await?;
        assert_eq!(code(&twice)?, "idempotency-key-invalid", "{}", twice.body);
        assert_eq!(tenant.client.jobs().await?, Vec::<String>::new());
        Ok(())
    })
}
