//! Faults on the real runtime, and what holds all the same. A test's name begins with the number of
//! its fault; `docs/guarantees.md` names the tests that hold each promise by these numbers.

mod cache;
mod database;
mod duplicates;
mod floods;
mod kills;
mod poison;
mod producer_kills;
mod provider;
mod sends;
mod stale;

use anyhow::Result;
use redrive_tests::client::{Client, PROMPT, column, text};
use redrive_tests::stage::{JobRow, Stage};
use reqwest::Method;
use serde_json::{Value, json};
use xtask::faults::{CallFaults, Faults};

/// The statement by which an answer is committed.
const COMPLETE: &str = include_str!("../../shared/sql/complete_job.sql");
/// Longer than any test holds a call: the runtime is killed before.
const FOR_EVER_MS: u32 = 120_000;

/// A call is held before it is made, until the runtime is killed.
pub(crate) fn held_before() -> CallFaults {
    CallFaults {
        hold_before_ms: FOR_EVER_MS,
        ..CallFaults::default()
    }
}

/// A call is made, and its answer is held until the runtime is killed.
pub(crate) fn held_after() -> CallFaults {
    CallFaults {
        hold_after_ms: FOR_EVER_MS,
        ..CallFaults::default()
    }
}

/// Faults at the consumer's database alone.
pub(crate) fn at_consumers_database(faults: CallFaults) -> Faults {
    let mut all = Faults::default();
    all.consumer.database = faults;
    all
}

/// No message of a submission reaches the queue: a job runs when the test delivers its message.
fn every_message_lost() -> Faults {
    let mut faults = Faults::default();
    faults.producer.jobs.drop = 1.0;
    faults
}

/// Submits so many jobs, the first one first.
async fn submit_all(client: &Client, model: &str, count: usize) -> Result<Vec<String>> {
    let mut jobs = Vec::new();
    for _ in 0..count {
        jobs.push(client.submit(model, json!({})).await?);
    }
    Ok(jobs)
}

/// Submits a job under an idempotency key.
async fn submit_once(client: Client, model: &'static str, key: &'static str) -> Result<String> {
    let body = json!({"prompt": PROMPT, "model": model});
    let request = client.request(Method::POST, "/api/v1/generate").json(&body);
    let answer = redrive_tests::client::Answer::of(request.header("idempotency-key", key)).await?;
    text(&answer.json(202)?, "jobId")
}

/// Sees to it that a job was run once and has one result.
async fn check_run_once(stage: &Stage, job: &Value) -> Result<()> {
    let id = text(job, "jobId")?;
    assert_eq!(job["status"], "succeeded", "{job:#}");
    assert_eq!(column(&job["attempts"], "outcome"), ["succeeded"]);
    let calls = stage.calls(&id).await?;
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(stage.row(&id)?.results, 1);
    Ok(())
}

/// Where a job stands, without what the sweep did for it.
fn standing(row: &JobRow) -> (&str, u32, u32) {
    (&row.state, row.attempt, row.results)
}
