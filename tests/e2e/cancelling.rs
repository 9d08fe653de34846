//! Cancelling a job, wherever it stands.

use anyhow::{Context as _, Result};
use redrive_tests::client::{Answer, Client, column};
use redrive_tests::poll;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stages::{alone, shared};

async fn cancel(client: &Client, job: &str) -> Result<Answer> {
    Answer::of(client.request(Method::POST, &format!("/api/v1/jobs/{job}/cancel"))).await
}

#[test]
fn f32_job_cancelled_before_its_claim_is_never_run() -> Result<()> {
    alone(async |stage| {
        let tenant = stage.tenant().await?;
        let held = tenant.client.submit("sim-hold", json!({})).await?;
        stage.called(&held, 1).await?;
        let job = tenant.client.submit("sim-ok", json!({})).await?;
        let document = cancel(&tenant.client, &job).await?.json(200)?;
        assert_eq!(document["status"], "cancelled");
        assert_eq!(
            (&document["attempt"], &document["attempts"]),
            (&json!(0), &json!([]))
        );
        stage.release().await?;
        // Its message is delivered before this one's.
        let after = tenant.client.submit("sim-ok", json!({})).await?;
        tenant.client.job_in(&after, "succeeded").await?;
        assert_eq!(stage.calls(&job).await?, Vec::<Value>::new());
        assert_eq!(tenant.client.job(&job).await?, document);
        Ok(())
    })
}

#[test]
fn late_answer_of_a_cancelled_job_is_dropped() -> Result<()> {
    alone(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("sim-hold", json!({})).await?;
        stage.called(&job, 1).await?;
        let document = cancel(&tenant.client, &job).await?.json(200)?;
        assert_eq!(
            (&document["status"], &document["attempt"]),
            (&json!("cancelled"), &json!(1))
        );
        stage.release().await?;
        poll::until("the answer is fenced off", async || {
            let events = stage.events("job.id", &job)?;
            Ok(events
                .iter()
                .any(|event| event["event"] == "fenced")
                .then_some(()))
        })
        .await?;
        let mut still = poll::until("what it cost is kept", async || {
            let still = tenant.client.job(&job).await?;
            Ok((!still["droppedAnswers"].is_null()).then_some(still))
        })
        .await?;
        let dropped = still["droppedAnswers"].take();
        assert_eq!(column(&dropped, "attempt"), [1], "{dropped:#}");
        assert!(dropped[0]["usage"].is_object(), "{dropped:#}");
        still
            .as_object_mut()
            .context("no job")?
            .remove("droppedAnswers");
        assert_eq!(still, document);
        let list = tenant
            .client
            .get("/api/v1/jobs?status=cancelled")
            .await?
            .json(200)?;
        assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{list:#}");
        Ok(())
    })
}

#[test]
fn job_that_waits_for_its_retry_is_cancelled() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let model = "sim-429-300@cancelled";
        let job = tenant.client.submit(model, json!({})).await?;
        tenant.client.job_in(&job, "retry_scheduled").await?;
        let document = cancel(&tenant.client, &job).await?.json(200)?;
        assert_eq!(document["status"], "cancelled");
        assert_eq!(document["nextAttemptAt"], Value::Null);
        Ok(())
    })
}

#[test]
fn job_that_has_ended_is_not_cancelled() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for (model, state) in [
            ("sim-ok", "succeeded"),
            ("sim-400@cancelling", "failed"),
            ("sim-401@cancelling", "dead_lettered"),
        ] {
            let job = tenant.client.submit(model, json!({})).await?;
            let before = tenant.client.job_in(&job, state).await?;
            let refused = cancel(&tenant.client, &job).await?;
            let problem = refused.json(409)?;
            assert_eq!(problem["code"], "job-not-cancellable");
            let detail = problem["detail"].as_str().context("no detail")?;
            assert!(detail.contains(state), "{detail}");
            assert_eq!(tenant.client.job(&job).await?, before);
        }
        Ok(())
    })
}

#[test]
fn second_cancellation_finds_the_job_cancelled() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let model = "sim-429-300@cancelled-twice";
        let job = tenant.client.submit(model, json!({})).await?;
        tenant.client.job_in(&job, "retry_scheduled").await?;
        let first = cancel(&tenant.client, &job).await?.json(200)?;
        assert_eq!(cancel(&tenant.client, &job).await?.json(200)?, first);
        Ok(())
    })
}
