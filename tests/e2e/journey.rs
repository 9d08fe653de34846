//! The whole way of a job that succeeds.

use anyhow::{Context as _, Result, ensure};
use redrive_tests::client::{Answer, Client, PROMPT, column};
use redrive_tests::poll;
use redrive_tests::stage::Stage;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stages::shared;

#[test]
fn job_travels_from_its_request_to_its_result() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let request = json!({
            "prompt": PROMPT, "system": "Be brief.", "maxTokens": 500, "temperature": 0.5,
            "refType": "ticket", "refId": "42", "metadata": {"colour": "grün", "__proto__": ""},
        });
        let accepted = tenant.client.post("/api/v1/generate", &request).await?;
        let document = accepted.json(202)?;
        assert_eq!(
            (&document["success"], &document["status"]),
            (&json!(true), &json!("queued"))
        );
        assert_eq!(document["statusUrl"], accepted.header("location"));
        assert_eq!(accepted.header("retry-after"), "1");
        let job = document["jobId"].as_str().context("no jobId")?;
        let path = format!("/api/v1/jobs/{job}");
        assert_eq!(
            accepted.header("location"),
            format!("http://{}{path}", stage.authority()?)
        );

        let ended = tenant.client.ended(job).await?;
        check_document(&ended);
        let calls = stage.calls(job).await?;
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert_eq!(calls[0]["authorization"], true);
        assert_eq!(
            (&calls[0]["attempt"], &calls[0]["model"]),
            (&json!(1), &json!("sim-ok"))
        );

        check_readings(&tenant.client, job, &ended).await
    })
}

/// However a job is read, it is the same.
async fn check_readings(client: &Client, job: &str, ended: &Value) -> Result<()> {
    let alias = client
        .get(&format!("/api/v1/generate/{job}/status"))
        .await?;
    assert_eq!(alias.json(200)?, *ended);
    let again = client.request(Method::GET, &format!("/api/v1/jobs/{job}"));
    let again = Answer::of(again.header("if-none-match", alias.header("etag"))).await?;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    for filter in [
        "",
        "status=succeeded",
        "refType=ticket&refId=42",
        "kind=generate",
    ] {
        let list = client
            .get(&format!("/api/v1/jobs?{filter}"))
            .await?
            .json(200)?;
        assert_eq!(column(&list["data"], "jobId"), [job], "{filter}");
    }
    Ok(())
}

fn check_document(document: &Value) {
    assert_eq!(document["status"], "succeeded", "{document:#}");
    assert_eq!(document["kind"], "generate");
    assert_eq!(
        (&document["attempt"], &document["model"]),
        (&json!(1), &json!("sim-ok"))
    );
    let output = document["result"]["output"].as_str().unwrap_or_default();
    assert!(output.contains(PROMPT), "{document:#}");
    assert_eq!(document["result"]["finishReason"], "stop");
    assert_eq!(document["result"]["truncated"], false);
    let usage = ["inputTokens", "outputTokens", "totalTokens"]
        .map(|name| document["usage"][name].as_u64().unwrap_or_default());
    assert!(
        usage[0] > 0 && usage[1] > 0 && usage[2] == usage[0] + usage[1],
        "{document:#}"
    );
    let attempts = &document["attempts"];
    assert_eq!(column(attempts, "attempt"), [1], "{document:#}");
    assert_eq!(column(attempts, "outcome"), ["succeeded"]);
    assert_eq!(column(attempts, "provider"), [&document["provider"]]);
    for instant in ["createdAt", "startedAt", "completedAt", "deadlineAt"] {
        assert!(document[instant].is_string(), "{instant}: {document:#}");
    }
    assert_eq!(
        (&document["refType"], &document["refId"]),
        (&json!("ticket"), &json!("42"))
    );
    assert_eq!(
        document["metadata"],
        json!({"colour": "grün", "__proto__": ""})
    );
    assert_eq!(document["error"], Value::Null);
}

#[test]
fn immutable_job_is_served_from_the_cache_alone() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("sim-ok", json!({})).await?;
        let from_database = tenant.client.ended(&job).await?;
        // The cache is written just after the database, and the key is looked up in the database
        // now and then.
        let cached = poll::until("an answer without the database", async || {
            let (document, request) = read(stage, &tenant.client, &job).await?;
            let alone = request["d1.round_trips"] == 0 && request["kv.reads"] == 1;
            Ok(alone.then_some(document))
        })
        .await?;
        assert_eq!(cached, from_database);
        Ok(())
    })
}

#[test]
fn dead_letter_is_never_served_from_the_cache() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("sim-401@journey", json!({})).await?;
        tenant.client.job_in(&job, "dead_lettered").await?;
        for _ in 0..5 {
            let (_, request) = read(stage, &tenant.client, &job).await?;
            assert_eq!(request["kv.reads"], 1, "{request}");
            ensure!(
                request["d1.round_trips"] != 0,
                "a replay would not be seen: {request}"
            );
        }
        Ok(())
    })
}

/// A job's document, and the log's event of the request for it.
async fn read(stage: &Stage, client: &Client, job: &str) -> Result<(Value, Value)> {
    let answer = client.get(&format!("/api/v1/jobs/{job}")).await?;
    let id = answer.header("x-request-id");
    let event = poll::until(format!("the event of {id}"), async || {
        Ok(stage.events("request.id", id)?.pop())
    })
    .await?;
    Ok((answer.json(200)?, event))
}
