//! A cache that fails, or has never heard of anything.

use anyhow::Result;
use redrive_tests::client::{Answer, Client, column};
use redrive_tests::stage::Stage;
use reqwest::Method;
use serde_json::{Value, json};
use xtask::faults::{CallFaults, Faults, WorkerFaults};

use crate::stages::faulty;

/// However a job that has ended is asked for, the answer is the same.
async fn check_reading(client: &Client, job: &Value) -> Result<()> {
    let id = job["jobId"].as_str().unwrap_or_default();
    let path = format!("/api/v1/jobs/{id}");
    for path in [&path, &format!("/api/v1/generate/{id}/status")] {
        assert_eq!(client.get(path).await?.json(200)?, *job);
    }
    let waiting = client
        .request(Method::GET, &path)
        .header("prefer", "wait=5");
    let answer = Answer::of(waiting).await?;
    assert_eq!(answer.json(200)?, *job);
    let known = client.request(Method::GET, &path);
    let known = known.header("if-none-match", answer.header("etag"));
    assert_eq!(Answer::of(known).await?.status, 304);
    Ok(())
}

/// Jobs of every kind of end, submitted, watched, cancelled and listed.
async fn check_every_route(stage: &Stage, model: &str) -> Result<()> {
    let tenant = stage.tenant().await?;
    let client = &tenant.client;
    let good = client.submit("sim-ok", json!({})).await?;
    let good = client.job_in(&good, "succeeded").await?;
    let refused = client.submit("sim-400@f24", json!({})).await?;
    let refused = client.job_in(&refused, "failed").await?;
    let waiting = client.submit(model, json!({})).await?;
    client.job_in(&waiting, "retry_scheduled").await?;
    let cancel = format!("/api/v1/jobs/{waiting}/cancel");
    let cancelled = client.post(&cancel, &json!({})).await?.json(200)?;
    assert_eq!(cancelled["status"], "cancelled", "{cancelled:#}");
    for job in [&good, &refused, &cancelled] {
        check_reading(client, job).await?;
    }
    let list = client.get("/api/v1/jobs").await?.json(200)?;
    let states = column(&list["data"], "status");
    assert_eq!(states, ["cancelled", "failed", "succeeded"], "{list:#}");
    let stranger = stage.tenant().await?;
    let path = format!(
        "/api/v1/jobs/{}",
        good["jobId"].as_str().unwrap_or_default()
    );
    assert_eq!(stranger.client.get(&path).await?.status, 404);
    Ok(())
}

#[test]
fn f24_every_answer_is_right_while_the_cache_fails() -> Result<()> {
    faulty(async |stage| {
        let failing = WorkerFaults {
            cache_get: CallFaults::always(),
            cache_put: CallFaults::always(),
            ..WorkerFaults::default()
        };
        let mark = stage.mark()?;
        stage.set_faults(Faults::at_both(24, &failing))?;
        check_every_route(stage, "sim-429-300@f24-failing").await?;
        // The reads of the API, and what three jobs would have put there.
        stage.struck(mark, "STATUS", "before", 3 + 3).await
    })
}

#[test]
fn f24_every_answer_is_right_while_the_cache_knows_of_no_job() -> Result<()> {
    faulty(async |stage| {
        // As where the cache remembers for a minute that a job was not there.
        let forgetful = WorkerFaults {
            cache_put: CallFaults::always(),
            ..WorkerFaults::default()
        };
        stage.set_faults(Faults::at_both(24, &forgetful))?;
        check_every_route(stage, "sim-429-300@f24-forgetful").await
    })
}
