//! Clients that do not give up: a request without a 202 is made again, under the same key.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use redrive_shared::ids::BatchId;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::rig::Rig;
use crate::client::{PROMPT, text};

/// Between two requests of a client for the same job.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a client tries: longer than the runtime takes to come back.
const PATIENCE: Duration = Duration::from_mins(3);

/// Of so many jobs that follow each other, the last [`LINES`] are submitted as one batch.
const BLOCK: u32 = 100;
/// Lines of a batch.
const LINES: u32 = 20;

/// How far the submitting is.
#[derive(Debug, Default)]
pub(super) struct Submission {
    accepted: Mutex<BTreeSet<String>>,
    again: AtomicU64,
    over: AtomicBool,
}

impl Submission {
    /// The ids that were answered with 202.
    pub(super) fn accepted(&self) -> BTreeSet<String> {
        self.ids().clone()
    }

    /// How many jobs were answered with 202, lines of batches that are no jobs yet among them.
    pub(super) fn promised(&self) -> usize {
        self.ids().len()
    }

    /// Requests that had to be made again.
    pub(super) fn again(&self) -> u64 {
        self.again.load(Ordering::Relaxed)
    }

    /// Whether every request was answered with 202.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn ids(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client submits at a time, by the numbers of the jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Order {
    /// One job.
    Single(u32),
    /// A batch of lines.
    Batch(Range<u32>),
}

/// The same jobs as single ones and as batches: of each hundred the last twenty are one.
fn orders(jobs: u32) -> Vec<Order> {
    let mut orders = Vec::new();
    let mut number = 0;
    while number < jobs {
        let rest = jobs - number;
        let place = number % BLOCK;
        if place == BLOCK - LINES && rest >= LINES {
            orders.push(Order::Batch(number..number + LINES));
            number += LINES;
        } else {
            orders.push(Order::Single(number));
            number += 1;
        }
    }
    orders
}

/// Submits this many jobs for a model, by this many clients at a time, some of them as batches.
pub(super) async fn mixed(
    rig: &Rig,
    model: &str,
    jobs: u32,
    clients: u32,
    submission: &Submission,
) -> Result<()> {
    carry_out(rig, model, orders(jobs), clients, submission).await
}

/// Submits this many single jobs for a model, by this many clients at a time.
pub(super) async fn all(
    rig: &Rig,
    model: &str,
    jobs: u32,
    clients: u32,
    submission: &Submission,
) -> Result<()> {
    carry_out(
        rig,
        model,
        (0..jobs).map(Order::Single),
        clients,
        submission,
    )
    .await
}

async fn carry_out(
    rig: &Rig,
    model: &str,
    orders: impl IntoIterator<Item = Order>,
    clients: u32,
    submission: &Submission,
) -> Result<()> {
    let clients = usize::try_from(clients)?;
    let submit = |order| async move {
        match order {
            Order::Single(number) => one(rig, model, number, submission).await,
            Order::Batch(numbers) => batch(rig, model, numbers, submission).await,
        }
    };
    stream::iter(orders.into_iter().map(submit))
        .buffer_unordered(clients)
        .try_collect::<()>()
        .await?;
    submission.over.store(true, Ordering::Relaxed);
    Ok(())
}

fn prompt(number: u32) -> String {
    format!("{PROMPT}, the {number}th")
}

async fn one(rig: &Rig, model: &str, number: u32, submission: &Submission) -> Result<()> {
    let body = json!({"prompt": prompt(number), "model": model});
    let key = format!("{model}-{number}");
    let request = || {
        let request = rig.api.request(Method::POST, "/api/v1/generate");
        request.header("idempotency-key", &key).json(&body)
    };
    let answer = accepted(request, submission).await?;
    submission.ids().insert(text(&answer, "jobId")?);
    Ok(())
}

/// Submits jobs as the lines of a batch. With its id each of them is owed.
async fn batch(rig: &Rig, model: &str, numbers: Range<u32>, submission: &Submission) -> Result<()> {
    let key = format!("{model}-batch-{}", numbers.start);
    let line = |number: u32| {
        let custom_id = number.to_string();
        json!({"customId": custom_id, "prompt": prompt(number), "model": model}).to_string()
    };
    let lines: Vec<String> = numbers.clone().map(line).collect();
    let lines = lines.join("\n");
    let request = || {
        let request = rig.api.request(Method::POST, "/api/v1/batches");
        let request = request.header("content-type", "application/x-ndjson");
        request.header("idempotency-key", &key).body(lines.clone())
    };
    let answer = accepted(request, submission).await?;
    let batch: BatchId = text(&answer, "batchId")?.parse()?;
    let places = 0..numbers.end - numbers.start;
    let jobs = places.map(|place| batch.job(place).to_string());
    submission.ids().extend(jobs);
    Ok(())
}

/// Makes a request until it is answered with 202, and gives back what was said.
async fn accepted(request: impl Fn() -> RequestBuilder, submission: &Submission) -> Result<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match request().send().await {
            Ok(answer) if answer.status() == StatusCode::ACCEPTED => {
                // What breaks off in the middle is no answer.
                if let Ok(answer) = answer.json::<Value>().await {
                    return Ok(answer);
                }
            }
            Ok(answer) if answer.status().is_server_error() => {}
            Ok(answer) => bail!(
                "a submit answered {}: {}",
                answer.status(),
                answer.text().await?
            ),
            // Refused and broken connections: the runtime is being killed.
            Err(_) => {}
        }
        if Instant::now() >= deadline {
            bail!("no submit was accepted within {} s", PATIENCE.as_secs());
        }
        submission.again.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, orders};

    #[test]
    fn each_job_is_submitted_once_and_a_fifth_of_them_in_batches() {
        for jobs in [0, 1, 80, 99, 100, 250, 500] {
            let mut numbers = Vec::new();
            let mut batches = 0;
            for order in orders(jobs) {
                match order {
                    Order::Single(number) => numbers.push(number),
                    Order::Batch(lines) => {
                        batches += 1;
                        numbers.extend(lines);
                    }
                }
            }
            assert_eq!(numbers, (0..jobs).collect::<Vec<_>>());
            assert_eq!(batches, jobs / 100, "{jobs}");
        }
    }
}
