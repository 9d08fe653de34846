//! `Prefer: wait`.

use std::time::{Duration, Instant};

use anyhow::Result;
use redrive_tests::client::{Answer, Client};
use reqwest::Method;
use serde_json::json;

use crate::stages::shared;

async fn waiting(client: &Client, job: &str, preference: &str) -> Result<Answer> {
    let request = client.request(Method::GET, &format!("/api/v1/jobs/{job}"));
    Answer::of(request.header("prefer", preference)).await
}

#[test]
fn waiting_answer_comes_as_soon_as_the_job_has_ended() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("sim-slow-500", json!({})).await?;
        let asked = Instant::now();
        let answer = waiting(&tenant.client, &job, "wait=25").await?;
        assert!(
            asked.elapsed() < Duration::from_secs(25),
            "it waited to the end"
        );
        assert_eq!(answer.json(200)?["status"], "succeeded");
        assert_eq!(answer.header("preference-applied"), "wait=25");
        assert_eq!(answer.header("retry-after"), "");
        Ok(())
    })
}

#[test]
fn waiting_ends_with_the_job_as_it_stands() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant
            .client
            .submit("sim-429-300@waiting", json!({}))
            .await?;
        tenant.client.job_in(&job, "retry_scheduled").await?;
        let answer = waiting(&tenant.client, &job, "wait=1").await?;
        assert_eq!(answer.json(200)?["status"], "retry_scheduled");
        assert_eq!(answer.header("retry-after"), "60");
        Ok(())
    })
}
