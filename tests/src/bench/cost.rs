//! What one job costs, as D1 and the bindings tell it in the log.

use super::load::Client;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use xtask::stack::Stack;

/// What an event says the invocation used.
#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    rows_read: u64,
    rows_written: u64,
    cache_reads: u64,
    cache_writes: u64,
    sent: u64,
    delivered: u64,
}

impl Usage {
    fn of(event: &Value) -> Self {
        let number = |name: &str| event[name].as_u64().unwrap_or_default();
        Self {
            rows_read: number("d1.rows_read"),
            rows_written: number("d1.rows_written"),
            cache_reads: number("kv.reads"),
            cache_writes: number("kv.writes"),
            sent: number("queue.sent"),
            delivered: number("messages"),
        }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            rows_read: self.rows_read + other.rows_read,
            rows_written: self.rows_written + other.rows_written,
            cache_reads: self.cache_reads + other.cache_reads,
            cache_writes: self.cache_writes + other.cache_writes,
            sent: self.sent + other.sent,
            delivered: self.delivered + other.delivered,
        }
    }

    /// A message is written, read and deleted.
    const fn queue_operations(self) -> u64 {
        self.sent + 2 * self.delivered
    }
}

/// The most rows that a job which succeeds at once may write, indexes included: without and with an
/// idempotency key.
const MOST_ROWS_WRITTEN: [u64; 2] = [8, 9];

/// Runs one job without and one with an idempotency key and adds their costs, as a table, to the
/// report.
pub(super) async fn measure(report: &mut String, stack: &Stack, client: &Client) -> Result<()> {
    writeln!(
        report,
        "\nOne generate job that succeeds at once, by D1's meta and the bindings"
    )?;
    writeln!(
        report,
        "              rows read  rows written  KV reads  KV writes  queue operations"
    )?;
    // The key is looked up once and then remembered; a first job pays for that, the others do not.
    wait(client, &client.submit(None).await?).await?;
    let (submit, run) = one_job(stack, client, None).await?;
    line(report, "submit", submit)?;
    line(report, "run", run)?;
    line(report, "together", submit.and(run))?;
    let (submit_once, run_once) = one_job(stack, client, Some("a-key-of-the-benchmark")).await?;
    line(report, "with a key", submit_once.and(run_once))?;
    writeln!(
        report,
        "  at most   {:>25}                    1                 3",
        format!("{} or {}", MOST_ROWS_WRITTEN[0], MOST_ROWS_WRITTEN[1])
    )?;
    let written = [submit.and(run), submit_once.and(run_once)].map(|usage| usage.rows_written);
    ensure!(
        written
            .iter()
            .zip(MOST_ROWS_WRITTEN)
            .all(|(rows, most)| *rows <= most),
        "a job writes {written:?} rows:\n{report}"
    );
    Ok(())
}

/// What one job used, submitted with this idempotency key: its submission and its run.
async fn one_job(stack: &Stack, client: &Client, key: Option<&str>) -> Result<(Usage, Usage)> {
    let seen = stack.log()?.len();
    wait(client, &client.submit(key).await?).await?;
    let log = log_after_delivery(stack, seen).await?;
    let submit = find(&log, |event| {
        event["event"] == "request" && event["method"] == "POST"
    })?;
    let delivery = find(&log, |event| event["event"] == "delivery")?;
    Ok((Usage::of(&submit), Usage::of(&delivery)))
}

fn line(report: &mut String, name: &str, usage: Usage) -> Result<()> {
    let Usage {
        rows_read,
        rows_written,
        cache_reads,
        cache_writes,
        ..
    } = usage;
    let queue = usage.queue_operations();
    writeln!(
        report,
        "  {name:<10}{rows_read:>11}{rows_written:>14}{cache_reads:>10}{cache_writes:>11}{queue:>18}"
    )?;
    Ok(())
}

async fn wait(client: &Client, job: &str) -> Result<()> {
    let document = client.get(&format!("/api/v1/jobs/{job}"), Some(25)).await?;
    ensure!(
        document["status"] == "succeeded",
        "the job did not succeed: {document}"
    );
    Ok(())
}

/// The log's part after `seen`, once a delivery is told in it.
async fn log_after_delivery(stack: &Stack, seen: usize) -> Result<Vec<Value>> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let log = stack.log()?;
        let events: Vec<Value> = log
            .get(seen..)
            .unwrap_or_default()
            .lines()
            .filter_map(event)
            .collect();
        if events.iter().any(|event| event["event"] == "delivery") {
            return Ok(events);
        }
        ensure!(Instant::now() < deadline, "no delivery is told in the log");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The JSON of a line of the log, behind whatever the runtime puts before it.
fn event(line: &str) -> Option<Value> {
    serde_json::from_str(line.get(line.find('{')?..)?).ok()
}

fn find(events: &[Value], is_it: impl Fn(&Value) -> bool) -> Result<Value> {
    events
        .iter()
        .find(|event| is_it(event))
        .cloned()
        .context("an event is missing in the log")
}
