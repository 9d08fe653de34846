//! An operator's figures: how fast dead letters are listed when there are many, and how evenly a
//! replay puts them back.

use super::Load;
use super::load::{Client, PATIENCE};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Calls of each list.
const CALLS: usize = 100;

/// How long the pace of a replay is watched.
const WATCHED: Duration = Duration::from_secs(30);

/// Letters a second that the replay is asked for.
const PER_SECOND: u32 = 50;

/// Makes so many letters at once, and measures.
pub(super) async fn measure(report: &mut String, client: &Client, load: &Load) -> Result<()> {
    let took = letters(client, load.letters).await?;
    writeln!(
        report,
        "\nDead letters, {} at once, of a batch that took {:.0} s",
        load.letters,
        took.as_secs_f64()
    )?;
    writeln!(
        report,
        "  {:<44} {:>7} {:>7}",
        "ms, one client", "p50", "p95"
    )?;
    lists(report, client, "").await?;
    let replay = json!({"filter": {}, "maxPerSecond": PER_SECOND});
    let (status, begun) = client
        .post("/api/v1/replays", replay.to_string(), None)
        .await?;
    ensure!(status == 202, "a replay answered {status}: {begun}");
    let path = format!(
        "/api/v1/replays/{}",
        begun["replayId"]
            .as_str()
            .context("an id is in the answer")?
    );
    let paced = pace(client, &path).await?;
    lists(report, client, ", while a replay runs").await?;
    client
        .post(&format!("{path}/abort"), "{}".to_owned(), None)
        .await?;
    writeln!(
        report,
        "\nA replay at {PER_SECOND} a second, {} s\n{paced}",
        WATCHED.as_secs()
    )?;
    Ok(())
}

/// A batch of jobs that all die of their first attempt; answers how long it took.
async fn letters(client: &Client, number: u32) -> Result<Duration> {
    let lines: Vec<Value> = (0..number)
        .map(|_| json!({"prompt": "What is a dead letter good for?", "model": "sim-404"}))
        .collect();
    let start = Instant::now();
    let body = Value::Array(lines).to_string();
    let (status, batch) = client.post("/api/v1/batches", body, None).await?;
    ensure!(status == 202, "a batch answered {status}: {batch}");
    let batch = batch["batchId"]
        .as_str()
        .context("an id is in the answer")?;
    loop {
        let standing = client
            .get(&format!("/api/v1/batches/{batch}"), None)
            .await?;
        if standing["counts"]["deadLettered"] == number {
            return Ok(start.elapsed());
        }
        ensure!(
            start.elapsed() < PATIENCE,
            "the letters are not dead: {standing}"
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn lists(report: &mut String, client: &Client, meanwhile: &str) -> Result<()> {
    let letters = "/api/v1/dead-letters";
    let filter = "code=model_unavailable&kind=generate&minAttempts=1";
    let mut deep = format!("{letters}?limit=100");
    for _ in 0..20 {
        let page = client.get(&deep, None).await?;
        let cursor = page["nextCursor"]
            .as_str()
            .context("there are more pages")?;
        deep = format!("{letters}?limit=100&cursor={cursor}");
    }
    for (name, path) in [
        ("20 of them", letters.to_owned()),
        ("100 of them", format!("{letters}?limit=100")),
        ("100 of them, the 21st page", deep),
        (
            "100 of them, three filters",
            format!("{letters}?limit=100&{filter}"),
        ),
        (
            "a filter that matches none",
            format!("{letters}?code=poison"),
        ),
        ("groups", format!("{letters}/groups")),
    ] {
        let mut taken = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            let start = Instant::now();
            client.get(&path, None).await?;
            taken.push(start.elapsed().as_secs_f64() * 1_000.0);
        }
        taken.sort_by(f64::total_cmp);
        let at = |part: usize| taken.get(CALLS * part / 100).copied().unwrap_or_default();
        let name = format!("{name}{meanwhile}");
        writeln!(report, "  {name:<44} {:>7.1} {:>7.1}", at(50), at(95))?;
    }
    Ok(())
}

/// Watches how many letters are put back, and tells the rates of every ten seconds.
async fn pace(client: &Client, path: &str) -> Result<String> {
    let mut seen = Vec::new();
    let start = Instant::now();
    while start.elapsed() < WATCHED {
        let replay = client.get(path, None).await?;
        let put_back = replay["replayed"].as_u64().context("it tells how many")?;
        seen.push((start.elapsed().as_secs_f64(), u32::try_from(put_back)?));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut rates = Vec::new();
    for (at, put_back) in &seen {
        if let Some((then, more)) = seen.iter().find(|(then, _)| then - at >= 10.0) {
            rates.push(f64::from(more - put_back) / (then - at));
        }
    }
    let (lowest, highest) = rates.iter().fold((f64::MAX, 0.0_f64), |(low, high), rate| {
        (low.min(*rate), high.max(*rate))
    });
    let (end, put_back) = seen.last().context("it was watched")?;
    Ok(format!(
        "  on average                   {:>7.1}\n  of any ten seconds        {lowest:>5.1} to {highest:.1}",
        f64::from(*put_back) / end
    ))
}
