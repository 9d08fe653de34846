//! Batches on the real runtime: many jobs submitted as one.

mod cancelling;
mod faults;
mod files;
mod kills;
mod running;
mod uploads;

use anyhow::{Context as _, Result, ensure};
use redrive_tests::client::{Answer, Client, PROMPT_MARK, field, text};
use redrive_tests::poll;
use redrive_tests::stage::{Stage, Tenant};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const BATCHES: &str = "/api/v1/batches";

/// The statement by which a step takes effect.
const MOVE: &str = include_str!("../../shared/sql/move_batch.sql");

/// How long a batch may take to end on a machine that is busy with other stacks.
const PATIENCE: Duration = Duration::from_mins(3);

/// What the line with this number asks.
fn question(number: usize) -> String {
    format!("{PROMPT_MARK}: question {number}?")
}

/// So many lines for a model, each as many bytes long as `padding` and a little more.
fn lines(model: &str, count: usize, padding: usize) -> String {
    let padding = " ".repeat(padding);
    let line = |number| {
        let prompt = question(number) + &padding;
        let id = format!("q-{number}");
        json!({"customId": id, "model": model, "prompt": prompt}).to_string() + "\n"
    };
    (1..=count).map(line).collect()
}

/// Sends a batch of one request a line.
async fn post(client: &Client, query: &str, lines: String) -> Result<Answer> {
    let request = client.request(Method::POST, &format!("{BATCHES}{query}"));
    let request = request.header("content-type", "application/x-ndjson");
    Answer::of(request.body(lines)).await
}

/// Submits a batch, and gives back its id.
async fn submit(client: &Client, query: &str, lines: String) -> Result<String> {
    let accepted = post(client, query, lines).await?.json(202)?;
    text(&accepted, "batchId")
}

/// The batch as it stands. What is told of its lines must add up, whenever it is asked for.
async fn batch(client: &Client, batch: &str) -> Result<Value> {
    let document = client.get(&format!("{BATCHES}/{batch}")).await?.json(200)?;
    let counts = field(&document, "counts")
        .as_object()
        .context("no counts")?;
    let sum: u64 = counts.values().filter_map(Value::as_u64).sum();
    ensure!(
        document["lines"] == sum,
        "the counts do not add up: {document:#}"
    );
    Ok(document)
}

/// The batch once it has ended; `each` is done between two looks at it.
async fn ended(
    client: &Client,
    id: &str,
    mut each: impl AsyncFnMut() -> Result<()>,
) -> Result<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let document = batch(client, id).await?;
        if !document["completedAt"].is_null() {
            return Ok(document);
        }
        ensure!(
            Instant::now() < deadline,
            "the batch does not end: {document:#}"
        );
        each().await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The batch once it has ended, with the sweep run as often as that takes.
async fn swept_to_its_end(stage: &Stage, client: &Client, batch: &str) -> Result<Value> {
    ended(client, batch, async || stage.sweep().await).await
}

/// What is told line by line, below a batch.
async fn told(client: &Client, batch: &str, rest: &str) -> Result<Vec<Value>> {
    let answer = client.get(&format!("{BATCHES}/{batch}/{rest}")).await?;
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.body);
    ensure!(
        answer.header("content-type") == "application/x-ndjson",
        "{rest}"
    );
    let lines = answer.body.lines();
    lines.map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Sees to it that every line of a batch that has ended was answered, once and by what it asked.
async fn check_answered(stage: &Stage, client: &Client, id: &str, count: usize) -> Result<()> {
    let document = batch(client, id).await?;
    assert_eq!(document["status"], "completed", "{document:#}");
    assert_eq!(document["counts"]["succeeded"], count, "{document:#}");
    let rows = u32::try_from(count)?;
    assert_eq!(stage.rows_of_batch(id)?, [rows, rows, rows]);
    let results = told(client, id, "results").await?;
    assert_eq!(results.len(), count);
    for (result, number) in results.iter().zip(1..) {
        assert_eq!(
            (&result["line"], &result["customId"]),
            (&json!(number), &json!(format!("q-{number}")))
        );
        let output = result["result"]["output"].as_str().unwrap_or_default();
        ensure!(
            output.contains(&question(number)),
            "line {number}: {result:#}"
        );
    }
    assert_eq!(told(client, id, "errors").await?, Vec::<Value>::new());
    Ok(())
}

/// A message of the task queue that asks for the next step of a batch.
fn task(tenant: &Tenant, batch: &str) -> Value {
    let body = json!({"v": 1, "task": "batch", "id": batch, "tenant": tenant.id}).to_string();
    json!([{"id": format!("{batch}-message"), "body": body, "attempts": 1}])
}

/// Waits until some lines of a batch are jobs.
async fn begun(stage: &Stage, batch: &str) -> Result<u32> {
    poll::until(format!("lines of {batch} are jobs"), async || {
        Ok(Some(stage.lines_made(batch)?).filter(|made| *made > 0))
    })
    .await
}
