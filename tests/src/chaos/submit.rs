//! Clients that do not give up: a request without a 202 is made again, under the same key.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::rig::Rig;
use crate::client::{PROMPT, text};

/// Between two requests of a client for the same job.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a client tries: longer than the runtime takes to come back.
const PATIENCE: Duration = Duration::from_mins(3);

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

/// Submits this many jobs for a model, by this many clients at a time.
pub(super) async fn all(
    rig: &Rig,
    model: &str,
    jobs: u32,
    clients: u32,
    submission: &Submission,
) -> Result<()> {
    let clients = usize::try_from(clients)?;
    stream::iter((0..jobs).map(|number| one(rig, model, number, submission)))
        .buffer_unordered(clients)
        .try_collect::<()>()
        .await?;
    submission.over.store(true, Ordering::Relaxed);
    Ok(())
}

async fn one(rig: &Rig, model: &str, number: u32, submission: &Submission) -> Result<()> {
    let body = json!({"prompt": format!("{PROMPT}, the {number}th"), "model": model});
    let key = format!("{model}-{number}");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let request = rig.api.request(Method::POST, "/api/v1/generate");
        match request
            .header("idempotency-key", &key)
            .json(&body)
            .send()
            .await
        {
            Ok(answer) if answer.status() == StatusCode::ACCEPTED => {
                // What breaks off in the middle is no answer.
                if let Ok(answer) = answer.json::<Value>().await {
                    submission.ids().insert(text(&answer, "jobId")?);
                    return Ok(());
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
