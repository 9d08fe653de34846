//! Keys are nowhere but with whom they were given to, even where a provider repeats what it got.

use anyhow::Result;
use futures_util::future::try_join_all;
use redrive_tests::client::{Client, text};
use redrive_tests::poll;
use redrive_tests::stage::{Stage, Tenant};
use serde_json::{Value, json};

use crate::providers::kinds::KINDS;
use crate::stages::shared;

/// What every provider is asked for: an answer, and errors of every fate that repeat its key.
const BEHAVIOURS: [&str; 5] = [
    "sim-ok",
    "sim-echo-400",
    "sim-echo-401",
    "sim-echo-500",
    "sim-echo-200",
];

/// The same of the server that runs programs, each with its language: what refuses the key is not
/// called for a while, and nobody else writes Java.
const PROGRAMS: [(&str, &str); 4] = [
    ("simulate: print hello", "bash"),
    ("simulate: echo-400", "bash"),
    ("simulate: echo-401", "java"),
    ("simulate: echo-500", "ruby"),
];

#[test]
fn no_secret_is_answered_logged_or_stored_even_if_providers_repeat_it() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let (_, key) = stage.key(&tenant.id, &["ops:read"]).await?;
        let operator = stage.client(Some(&key))?;
        let answered = try_join_all(
            [model_jobs(&tenant).await?, program_jobs(&tenant).await?]
                .concat()
                .into_iter()
                .map(async |(what, job)| {
                    let document = tenant.client.ended(&job).await?;
                    check(stage, &tenant.client, &format!("/api/v1/jobs/{job}")).await?;
                    Ok::<_, anyhow::Error>((what, job, document))
                }),
        )
        .await?;
        for (what, job, document) in &answered {
            check_end(stage, &operator, what, job, document).await?;
        }
        for path in [
            "/api/v1/jobs?limit=100",
            "/api/v1/usage",
            "/api/v1/providers",
            "/api/v1/languages",
            "/api/ready",
        ] {
            check(stage, &tenant.client, path).await?;
        }
        check(stage, &operator, "/api/v1/dead-letters?limit=100").await?;
        check(stage, &stage.operator()?, "/api/v1/admin/circuits").await?;
        check_storage(stage, &answered).await
    })
}

/// Jobs of every provider that asks a model, each with what it asks for.
async fn model_jobs(tenant: &Tenant) -> Result<Vec<(&'static str, String)>> {
    let asked = KINDS
        .iter()
        .flat_map(|kind| BEHAVIOURS.map(|behaviour| (kind, behaviour)));
    let jobs = asked.map(async |(kind, behaviour)| {
        let model = kind.model(behaviour, "canary");
        let fields = json!({"maxAttempts": 1});
        Ok((behaviour, kind.submit(tenant, &model, &fields).await?))
    });
    try_join_all(jobs).await
}

async fn program_jobs(tenant: &Tenant) -> Result<Vec<(&'static str, String)>> {
    let jobs = PROGRAMS.map(async |(source, language)| {
        let request = json!({"sourceCode": source, "language": language, "maxAttempts": 1});
        let accepted = tenant.client.post("/api/v1/execute", &request).await?;
        Ok((source, text(&accepted.json(202)?, "jobId")?))
    });
    try_join_all(jobs).await
}

/// Whoever was to answer did, and what an operator sees of the others is redacted.
async fn check_end(
    stage: &Stage,
    operator: &Client,
    what: &str,
    job: &str,
    document: &Value,
) -> Result<()> {
    let told = format!("{what}: {document:#}");
    assert_eq!(stage.calls(job).await?.len(), 1, "{told}");
    let is_good = what.ends_with("-ok") || what.ends_with("hello");
    assert_eq!(document["status"] == "succeeded", is_good, "{told}");
    if document["status"] == "dead_lettered" {
        let path = format!("/api/v1/dead-letters/{job}");
        let letter = check(stage, operator, &path).await?;
        let excerpt = letter["excerpt"].as_str().unwrap_or_default();
        assert!(excerpt.contains("[redacted]"), "{told}: {letter:#}");
    }
    Ok(())
}

/// What stands at a path, in which there is no secret.
async fn check(stage: &Stage, client: &Client, path: &str) -> Result<Value> {
    let answer = client.get(path).await?;
    stage.check_text(path, &answer.body)?;
    answer.json(200)
}

/// The files hold the jobs and no secret, once those that are cached are.
async fn check_storage(stage: &Stage, answered: &[(&str, String, Value)]) -> Result<()> {
    let cached = answered
        .iter()
        .filter(|(_, _, document)| document["status"] != "dead_lettered");
    for (_, job, _) in cached {
        poll::until("the job is stored", async || {
            Ok(stage.storage_holds(job)?.then_some(()))
        })
        .await?;
    }
    Ok(())
}
