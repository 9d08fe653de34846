//! `/api/v1/batches`: many jobs as one.

mod cancelling;
mod reading;
mod refusing;
mod repeating;
mod submitting;

use crate::support::{Api, Reply, Tenant, configuration};
use axum::body::Body;
use http::Request;
use redrive_shared::ids::{BatchId, JobId};
use redrive_shared::run::{Delivered, Disposition};
use redrive_shared::task;
use serde_json::Value;

const BATCHES: &str = "/api/v1/batches";
const LINES: &str = "application/x-ndjson";
const ARRAY: &str = "application/json";

/// A batch that is sent; `query` begins with `?`, or is empty.
fn upload(
    user: &Tenant,
    query: &str,
    content_type: &str,
    body: impl Into<Body>,
) -> http::Request<Body> {
    Request::post(format!("{BATCHES}{query}"))
        .header("host", "api.test")
        .header("authorization", format!("Bearer {}", user.key))
        .header("content-type", content_type)
        .body(body.into())
        .expect("a valid request")
}

/// Sends a batch of one request a line.
async fn submit(api: &Api, user: &Tenant, query: &str, lines: impl Into<Body>) -> Reply {
    api.send(upload(user, query, LINES, lines)).await
}

/// The id of a batch that was accepted.
fn accepted(reply: &Reply) -> BatchId {
    assert_eq!(reply.status, 202, "{reply:?}");
    let id = reply.json()["batchId"].as_str().expect("an id").to_owned();
    id.parse().expect("the id of a batch")
}

/// So many lines that ask `Question 1?`, `Question 2?`…
fn questions(count: u32) -> String {
    let line =
        |number| format!("{{\"customId\":\"q-{number}\",\"prompt\":\"Question {number}?\"}}\n");
    (1..=count).map(line).collect()
}

/// Takes the steps that are owed, each once.
async fn step(api: &Api) {
    for task in api.ports().tasks.take() {
        deliver(api, &task).await;
    }
}

/// Delivers a message of the task queue.
async fn deliver(api: &Api, body: &str) {
    let message = Delivered {
        id: "a-message".to_owned(),
        queue: "tasks".to_owned(),
        deliveries: 1,
        body: Some(body.to_owned()),
    };
    let dispositions = task::receive(api.ports(), &configuration(), &[message]).await;
    assert_eq!(dispositions, [Disposition::Acknowledge], "{body}");
}

/// Takes steps until none is owed.
async fn steps_to_the_end(api: &Api) {
    for _ in 0..20 {
        step(api).await;
        api.ports().clock.advance_millis(60_000);
    }
    step(api).await;
    let left = api.ports().tasks.take();
    assert!(left.is_empty(), "another step is owed: {left:?}");
}

/// Ends the job in that place of a batch, from 0.
fn end(api: &Api, user: &Tenant, batch: &BatchId, place: u32, state: &str) -> JobId {
    let job = batch.job(place);
    api.put_job(job.as_str(), state);
    if state == "succeeded" {
        api.database().execute(&format!(
            "INSERT INTO task_results VALUES ('{job}', '{}', 1, 'answer {place}', 'stop', 0, '[]', 1, \
             2, 3, 'openai', 'some-model', NULL, 5, NULL, NULL, NULL, 'end_turn', NULL)",
            user.id
        ));
    }
    job
}

/// The answer's lines, each of them JSON.
fn lines(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("content-type"), Some(LINES));
    let lines = reply.text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect()
}

/// The values of one field, of every line.
fn column(lines: &[Value], name: &str) -> Vec<Value> {
    lines.iter().map(|line| line[name].clone()).collect()
}

/// How many rows hold something of a batch.
fn rows(api: &Api) -> [u64; 4] {
    ["files", "file_chunks", "batches", "jobs"].map(|table| api.database().count(table))
}
