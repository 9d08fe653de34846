//! Many dead letters at once.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use redrive_tests::client::{Client, text};
use redrive_tests::poll;
use serde_json::{Value, json};

use crate::stages::faulty;

const FLOOD: usize = 300;
/// Clients that submit at a time.
const CLIENTS: usize = 16;

/// Submits jobs that end as dead letters, each by a model of its own: what one does to a model must
/// not keep the next from being run.
async fn flood(client: &Client, name: &str, count: usize) -> Result<BTreeSet<String>> {
    let submissions = stream::iter(0..count).map(async |number| {
        let model = format!("sim-401@f28-{name}-{number}");
        client.submit(&model, json!({})).await
    });
    submissions.buffer_unordered(CLIENTS).try_collect().await
}

/// A page of a list: the ids on it, and the cursor of the next.
async fn page(
    client: &Client,
    path: &str,
    cursor: Option<&str>,
) -> Result<(Vec<String>, Option<String>)> {
    let after = cursor.map(|cursor| format!("&cursor={cursor}"));
    let path = format!("{path}limit=100{}", after.unwrap_or_default());
    let page = client.get(&path).await?.json(200)?;
    let jobs = page["data"].as_array().context("no data")?;
    let jobs = jobs
        .iter()
        .map(|job| text(job, "jobId"))
        .collect::<Result<_>>()?;
    Ok((jobs, page["nextCursor"].as_str().map(str::to_owned)))
}

/// All pages of a list, with something done after the first.
async fn pages(
    client: &Client,
    path: &str,
    between: impl AsyncFnOnce() -> Result<()>,
) -> Result<Vec<String>> {
    let (mut jobs, mut cursor) = page(client, path, None).await?;
    between().await?;
    while let Some(after) = cursor {
        let (more, next) = page(client, path, Some(&after)).await?;
        ensure!(!more.is_empty(), "an empty page is not the last");
        jobs.extend(more);
        cursor = next;
    }
    Ok(jobs)
}

async fn until_dead(client: &Client, jobs: &BTreeSet<String>) -> Result<()> {
    poll::until("every job is a dead letter", async || {
        for state in ["queued", "running", "retry_scheduled"] {
            let path = format!("/api/v1/jobs?status={state}&limit=1");
            let page = client.get(&path).await?.json(200)?;
            if page["data"] != json!([]) {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
    .await?;
    for job in jobs.iter().step_by(50) {
        let document: Value = client.job(job).await?;
        assert_eq!(document["error"]["code"], "provider_auth", "{document:#}");
    }
    Ok(())
}

#[test]
fn f28_flood_of_dead_letters_is_listed_whole_while_more_of_them_come() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let scopes = ["jobs:read", "jobs:write", "ops:read"];
        let (_, key) = stage.key(&tenant.id, &scopes).await?;
        let client = &stage.client(Some(&key))?;
        let jobs = flood(client, "first", FLOOD).await?;
        until_dead(client, &jobs).await?;
        let mut expected = jobs;
        for path in [
            "/api/v1/jobs?status=dead_lettered&",
            "/api/v1/dead-letters?",
        ] {
            let mut more = BTreeSet::new();
            let listed = pages(client, path, async || {
                more = flood(client, &path.len().to_string(), 5).await?;
                until_dead(client, &more).await
            })
            .await?;
            // Newest first, and no newcomer among them.
            assert!(
                listed.iter().eq(expected.iter().rev()),
                "{path}: {listed:?}"
            );
            expected.extend(more);
        }
        Ok(())
    })
}
