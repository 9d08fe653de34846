use std::time::Duration;

use redrive_shared::clock::Instant;

use crate::console::{Table, cost, day_time, duration, grouped, percent, printable};
use crate::documents::Batch;
use crate::entropy::now;
use crate::failure::Outcome;

/// Whether every line succeeded.
pub(crate) fn outcome(batch: &Batch) -> Outcome {
    if batch.status == "completed" && batch.counts.not_succeeded() == 0 {
        Outcome::Done
    } else {
        Outcome::Failed
    }
}

/// Everything about a batch that is shown to people.
pub(crate) fn facts(batch: &Batch) -> Table {
    let mut table = Table::facts();
    table.fact("name", batch.name.as_ref());
    table.fact("created", Some(day_time(&batch.created_at)));
    table.fact("started", batch.started_at.as_deref().map(day_time));
    table.fact("ended", batch.completed_at.as_deref().map(day_time));
    table.fact("lines", Some(grouped(batch.lines)));
    let invalid = Some(batch.invalid_lines).filter(|lines| *lines > 0);
    table.fact("not valid", invalid.map(grouped));
    table.fact("done", batch.percent.map(percent));
    for (name, count) in batch.counts.named() {
        table.fact(name, Some(count).filter(|count| *count > 0).map(grouped));
        if name == "dead_lettered" {
            for (code, count) in &batch.dead_letters_by_code {
                table.fact(&format!("  {code}"), Some(grouped(*count)));
            }
        }
    }
    let error = batch.error.as_ref();
    table.fact(
        "error",
        error.map(|error| format!("{}: {}", error.code, error.detail)),
    );
    table.fact("rate", rate(batch).map(|rate| format!("{rate:.1}/s")));
    table.fact("time left", time_left(batch).map(duration));
    table.fact("cost", batch.cost_micro_usd.map(cost));
    table
}

/// The same in one line, beside a bar. `downloaded` are the results that are on this machine.
pub(crate) fn progress_text(batch: &Batch, downloaded: Option<u64>) -> String {
    let counts = &batch.counts;
    let mut parts = vec![batch.status.replace('_', " ")];
    parts.extend(rate(batch).map(|rate| format!("{rate:.1}/s")));
    parts.extend(time_left(batch).map(|left| format!("ETA {}", duration(left))));
    parts.extend(batch.cost_micro_usd.map(cost));
    for (count, what) in [
        (counts.running, "running"),
        (counts.retry_scheduled, "to be retried"),
        (counts.failed, "failed"),
        (counts.dead_lettered, "dead"),
        (counts.cancelled, "cancelled"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", grouped(count)));
        }
    }
    parts.extend(downloaded.map(|lines| format!("{} downloaded", grouped(lines))));
    parts.join(", ")
}

/// How to see why jobs wait, once some do.
pub(crate) fn retries_hint(batch: &Batch) -> Option<String> {
    let id = printable(&batch.batch_id);
    let waits = batch.counts.retry_scheduled > 0 && batch.status != "cancelling";
    waits.then(|| {
        format!("why jobs wait for a retry: redrive jobs ls --batch {id} --status retry_scheduled")
    })
}

/// The same once nothing else is left to do.
pub(crate) fn stalled_hint(batch: &Batch) -> Option<String> {
    retries_hint(batch).filter(|_| is_stalled(batch))
}

/// Whether all that has not ended waits for a retry.
const fn is_stalled(batch: &Batch) -> bool {
    let counts = &batch.counts;
    counts.retry_scheduled > 0 && counts.under_way() == counts.retry_scheduled
}

/// How many jobs end in a second, while jobs run.
fn rate(batch: &Batch) -> Option<f64> {
    batch
        .throughput_per_second
        .filter(|_| !batch.has_ended() && !is_stalled(batch))
}

/// By the rate rather than by the clock, which may not agree with the server's. The pace of the past
/// says nothing about jobs that wait for a retry.
fn time_left(batch: &Batch) -> Option<Duration> {
    if batch.has_ended() || is_stalled(batch) {
        return None;
    }
    let left = batch.lines.saturating_sub(batch.counts.ended());
    let by_rate = rate(batch)
        .filter(|rate| *rate > 0.0)
        .and_then(|rate| Duration::try_from_secs_f64(float(left) / rate).ok());
    by_rate.or_else(|| {
        let end = Instant::parse_rfc3339(batch.estimated_end_at.as_deref()?)?;
        Some(end.duration_since(now()))
    })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "a batch has 50,000 lines at most"
)]
fn float(lines: u64) -> f64 {
    lines as f64
}
