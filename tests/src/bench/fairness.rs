//! How long a single job of one tenant takes, alone and beside a batch of another tenant.

use super::load::Client;
use super::start;
use crate::simulator::{Options, Simulator};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Jobs that are timed, each when the one before it has ended.
const TRIES: usize = 20;

/// Lines of the batch.
const LINES: usize = 10_000;

/// What a provider call takes. With the first the one process of the local runtime, which is
/// everything here, is busy all the time; with the second it waits as it would for a provider.
const LATENCIES: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(500)];

/// How long a batch may take to begin.
const PATIENCE: Duration = Duration::from_mins(2);

/// The most that a batch of another tenant may slow a single job down.
const MOST: f64 = 3.0;

/// How long jobs took.
#[derive(Clone, Copy, Debug)]
struct Wait {
    median: Duration,
    worst: Duration,
}

/// Times single jobs alone and beside a batch, and adds what it finds to the report.
///
/// # Errors
/// If the stack does not start, a job does not succeed, or the batch ends too early; or if it slows
/// single jobs down by more than [`MOST`].
pub(super) async fn measure(report: &mut String) -> Result<()> {
    for latency in LATENCIES {
        measure_with(report, latency).await?;
    }
    Ok(())
}

async fn measure_with(report: &mut String, latency: Duration) -> Result<()> {
    let options = Options {
        latency,
        ..Options::default()
    };
    let simulator = Simulator::start(options)?;
    let folder = tempfile::tempdir()?;
    let stack = start(folder.path(), &simulator)?;
    let (single, bulk) = (Client::new(&stack).await?, Client::new(&stack).await?);
    // The first job pays for what is done once.
    one_job(&single).await?;
    let alone = wait(&single).await?;
    let batch = submit(&bulk).await?;
    begun(&bulk, &batch).await?;
    let before = ended(&bulk, &batch).await?;
    let started = Instant::now();
    let beside = wait(&single).await?;
    let elapsed = started.elapsed().as_secs_f64();
    let after = ended(&bulk, &batch).await?;
    stack.stop();
    ensure!(
        after < LINES && after > before,
        "the batch did not run meanwhile: {before} of {LINES} lines had ended before, {after} after"
    );
    let ratio = beside.median.as_secs_f64() / alone.median.as_secs_f64();
    writeln!(
        report,
        "\nA single job, from its submit to its end, {TRIES} tries, provider {} ms",
        latency.as_millis()
    )?;
    line(report, "alone", alone)?;
    line(report, &format!("beside a batch of {LINES}"), beside)?;
    writeln!(
        report,
        "  {:<24} {ratio:>12.2} (at most {MOST})",
        "ratio of medians"
    )?;
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "a count of lines"
    )]
    let rate = (after - before) as f64 / elapsed;
    writeln!(
        report,
        "  lines of the batch       {rate:>8.0} a second meanwhile"
    )?;
    ensure!(ratio <= MOST, "a batch slows single jobs down:\n{report}");
    Ok(())
}

fn line(report: &mut String, name: &str, wait: Wait) -> Result<()> {
    let (median, worst) = (wait.median.as_millis(), wait.worst.as_millis());
    writeln!(
        report,
        "  {name:<24} median {median:>5} ms, worst {worst:>5} ms"
    )?;
    Ok(())
}

async fn wait(client: &Client) -> Result<Wait> {
    let mut times = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        times.push(one_job(client).await?);
    }
    times.sort_unstable();
    let median = times.get(TRIES / 2).copied().unwrap_or_default();
    let worst = times.last().copied().unwrap_or_default();
    Ok(Wait { median, worst })
}

async fn one_job(client: &Client) -> Result<Duration> {
    let start = Instant::now();
    let job = client.submit(None).await?;
    let document = client.get(&format!("/api/v1/jobs/{job}"), Some(25)).await?;
    ensure!(
        document["status"] == "succeeded",
        "the job did not succeed: {document}"
    );
    Ok(start.elapsed())
}

async fn submit(client: &Client) -> Result<String> {
    let line = |number| json!({"prompt": format!("What is the {number}th line good for?")});
    let lines: Vec<Value> = (0..LINES).map(line).collect();
    let body = serde_json::to_string(&lines)?;
    let (status, accepted) = client.post("/api/v1/batches", body, None).await?;
    ensure!(status == 202, "the batch was answered {status}: {accepted}");
    let batch = accepted["batchId"].as_str();
    Ok(batch.context("the batch's id is in the answer")?.to_owned())
}

/// Lines that have ended so far.
async fn ended(client: &Client, batch: &str) -> Result<usize> {
    let document = client
        .get(&format!("/api/v1/batches/{batch}"), None)
        .await?;
    let counts = ["succeeded", "failed", "deadLettered", "cancelled"]
        .map(|name| document["counts"][name].as_u64().unwrap_or_default());
    Ok(usize::try_from(counts.iter().sum::<u64>())?)
}

async fn begun(client: &Client, batch: &str) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while ended(client, batch).await? < 50 {
        ensure!(Instant::now() < deadline, "the batch does not begin");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
