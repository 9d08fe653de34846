//! Throughput: how fast jobs are accepted, and how fast they end.

use super::Load;
use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use xtask::stack::Stack;

/// How long the jobs of a run may take to end.
pub(super) const PATIENCE: Duration = Duration::from_mins(5);

/// A tenant with a key, and connections to the stack.
pub(super) struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Client {
    /// Makes a tenant and a key on the stack.
    pub(super) async fn new(stack: &Stack) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let admin = |path: &'static str, body: Value| {
            let request = http.post(format!("{}{path}", stack.url()));
            let request = request
                .bearer_auth(stack.admin_key())
                .header("content-type", "application/json");
            async move {
                let answer = request
                    .body(body.to_string())
                    .send()
                    .await?
                    .error_for_status()?;
                Ok::<Value, anyhow::Error>(serde_json::from_slice(&answer.bytes().await?)?)
            }
        };
        let tenant = admin("/api/v1/admin/tenants", json!({"name": "bench"})).await?;
        let scopes = json!(["jobs:read", "jobs:write", "ops:read", "ops:write"]);
        let key = json!({"tenantId": tenant["tenantId"], "name": "bench", "scopes": scopes});
        let key = admin("/api/v1/admin/keys", key).await?;
        let key = key["key"]
            .as_str()
            .context("the key is in the answer")?
            .to_owned();
        Ok(Self {
            http: http.clone(),
            url: stack.url(),
            key,
        })
    }

    /// Posts JSON, and gives back the status and the answer.
    pub(super) async fn post(
        &self,
        path: &str,
        body: String,
        key: Option<&str>,
    ) -> Result<(u16, Value)> {
        let mut request = self
            .http
            .post(format!("{}{path}", self.url))
            .bearer_auth(&self.key);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = request
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        let status = answer.status().as_u16();
        Ok((status, serde_json::from_slice(&answer.bytes().await?)?))
    }

    pub(super) async fn get(&self, path: &str, wait: Option<u32>) -> Result<Value> {
        let mut request = self
            .http
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.key);
        if let Some(seconds) = wait {
            request = request.header("prefer", format!("wait={seconds}"));
        }
        let answer = request.send().await?.error_for_status()?;
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }

    /// Submits a job, with this idempotency key, and gives back its id.
    pub(super) async fn submit(&self, key: Option<&str>) -> Result<String> {
        let body = json!({"prompt": "What is a fence token good for?"}).to_string();
        let (status, answer) = self.post("/api/v1/generate", body, key).await?;
        ensure!(status == 202, "submit answered {status}: {answer}");
        Ok(answer["jobId"]
            .as_str()
            .context("the job's id is in the answer")?
            .to_owned())
    }

    /// Whether a job of the tenant has not ended yet.
    async fn is_busy(&self) -> Result<bool> {
        for state in ["running", "queued", "retry_scheduled"] {
            let page = self
                .get(&format!("/api/v1/jobs?status={state}&limit=1"), None)
                .await?;
            if page["data"].as_array().is_some_and(|jobs| !jobs.is_empty()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The tenant's jobs that succeeded, counted page by page.
    async fn count_succeeded(&self) -> Result<usize> {
        let (mut count, mut cursor) = (0, None::<String>);
        loop {
            let after = cursor
                .map(|cursor| format!("&cursor={cursor}"))
                .unwrap_or_default();
            let page = self
                .get(
                    &format!("/api/v1/jobs?status=succeeded&limit=100{after}"),
                    None,
                )
                .await?;
            count += page["data"].as_array().map_or(0, Vec::len);
            match page["nextCursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(count),
            }
        }
    }
}

/// Waits until every job of the tenant has ended. The newest of them is waited for first: asking
/// for a list again and again would load the database that is being measured.
async fn drain(client: &Client) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let newest = client.get("/api/v1/jobs?limit=1", None).await?;
    if let Some(job) = newest["data"][0]["jobId"].as_str() {
        while client.get(&format!("/api/v1/jobs/{job}"), Some(25)).await?["completedAt"].is_null() {
            ensure!(
                Instant::now() < deadline,
                "the newest job has not ended after {PATIENCE:?}"
            );
        }
    }
    while client.is_busy().await? {
        ensure!(
            Instant::now() < deadline,
            "the jobs have not ended after {PATIENCE:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn per_second<F>(calls: usize, clients: usize, call: impl Fn() -> F) -> Result<f64>
where
    F: Future<Output = Result<()>>,
{
    let start = Instant::now();
    stream::iter((0..calls).map(|_| call()))
        .buffer_unordered(clients)
        .try_collect::<Vec<()>>()
        .await?;
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "a count of calls"
    )]
    let calls = calls as f64;
    Ok(calls / start.elapsed().as_secs_f64())
}

/// How fast jobs are accepted, against a route that does nothing, in the same run.
pub(super) async fn submit_ratio(report: &mut String, client: &Client, load: &Load) -> Result<()> {
    let unknown = || async {
        let body = json!({"prompt": "What is a fence token good for?"}).to_string();
        let (status, _) = client.post("/api/v1/generate-nothing", body, None).await?;
        ensure!(status == 404, "an unknown route answered {status}");
        Ok(())
    };
    let submit = || async { client.submit(None).await.map(drop) };
    let calls = load.jobs / 2;
    per_second(calls / 4, load.clients, unknown).await?;
    let nothing = per_second(calls, load.clients, unknown).await?;
    let accepted = per_second(calls, load.clients, submit).await?;
    drain(client).await?;
    writeln!(
        report,
        "\nSubmit, {} clients, {calls} calls each",
        load.clients
    )?;
    writeln!(report, "  route that answers 404  {nothing:>7.0} a second")?;
    writeln!(
        report,
        "  POST /api/v1/generate   {accepted:>7.0} a second, while the consumer runs them"
    )?;
    writeln!(
        report,
        "  ratio                   {:>7.2}",
        accepted / nothing
    )?;
    Ok(())
}

/// How fast jobs end: from the first request to the last job's end, with nobody waiting between.
pub(super) async fn end_to_end(report: &mut String, stack: &Stack, load: &Load) -> Result<()> {
    let client = Client::new(stack).await?;
    let start = Instant::now();
    let accepted = per_second(load.jobs, load.clients, || async {
        client.submit(None).await.map(drop)
    })
    .await?;
    let submitted = start.elapsed();
    drain(&client).await?;
    let ended = start.elapsed();
    let succeeded = client.count_succeeded().await?;
    ensure!(
        succeeded == load.jobs,
        "{succeeded} of {} jobs succeeded",
        load.jobs
    );
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "a count of jobs"
    )]
    let rate = load.jobs as f64 / ended.as_secs_f64();
    writeln!(
        report,
        "\nEnd to end, {} jobs, {} clients, provider {} ms",
        load.jobs, load.clients, load.latency_ms
    )?;
    writeln!(
        report,
        "  accepted                {accepted:>7.0} a second, in {:.1} s",
        submitted.as_secs_f64()
    )?;
    writeln!(
        report,
        "  succeeded               {rate:>7.0} a second, in {:.1} s",
        ended.as_secs_f64()
    )?;
    writeln!(report, "  every job succeeded")?;
    Ok(())
}
