//! Workers AI when the free allocation of the day is used up: it begins anew at 00:00 UTC.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use redrive_tests::client::column;
use serde_json::json;

use super::kinds::{KINDS, Kind, instant};
use crate::stages::shared;

const DAY_MS: i64 = 86_400_000;
/// No message of a queue can be delayed for longer.
const LONGEST_MS: i64 = DAY_MS / 2;
/// How much later than the wait began an attempt may be written down as finished.
const CLOCKS_MS: i64 = 1_000;

/// Over HTTP, and by the binding.
fn kinds() -> impl Iterator<Item = Kind> {
    KINDS.into_iter().filter(|kind| kind.is_workers_ai())
}

#[test]
fn job_waits_for_the_allocation_of_the_next_day() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        for kind in kinds() {
            let model = kind.model("sim-row-44", "next-day");
            let job = kind.submit(&tenant, &model, &json!({})).await?;
            let waiting = tenant.client.job_in(&job, "retry_scheduled").await?;
            let told = format!("{kind:?}: {waiting:#}");
            assert_eq!(waiting["error"]["code"], "provider_billing", "{told}");
            let attempts = &waiting["attempts"];
            assert_eq!(column(attempts, "outcome"), ["deferred"], "{told}");
            assert_eq!(column(attempts, "providerStatus"), [429], "{told}");
            let finished_at = instant(&attempts[0]["finishedAt"])?;
            let wait = instant(&waiting["nextAttemptAt"])?.millis_since(finished_at);
            let left = DAY_MS - finished_at.as_millis() % DAY_MS;
            // Jitter adds up to a tenth.
            let least = left.min(LONGEST_MS) - CLOCKS_MS;
            let most = (left + left / 10).min(LONGEST_MS) + CLOCKS_MS;
            assert!((least..=most).contains(&wait), "{wait}: {told}");
            assert_eq!(stage.calls(&job).await?.len(), 1, "{told}");
        }
        Ok(())
    })
}

#[test]
fn job_whose_deadline_comes_before_the_next_day_is_dead_lettered() -> Result<()> {
    shared(async |stage| {
        // Whatever the time is, midnight is further away.
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let deadline = ((86_400 - now % 86_400) / 2).clamp(1, 60);
        let fields = json!({"deadlineSeconds": deadline});
        let tenant = stage.tenant().await?;
        for kind in kinds() {
            let model = kind.model("sim-row-44", "deadline");
            let ended = kind.ended(stage, &tenant, model, &fields).await?;
            let document = &ended.document;
            let told = format!("{kind:?}: {document:#}");
            assert_eq!(document["status"], "dead_lettered", "{told}");
            assert_eq!(document["error"]["code"], "deadline_exceeded", "{told}");
            let codes = column(&document["attempts"], "code");
            assert_eq!(codes, ["provider_billing"], "{told}");
            assert_eq!(ended.calls.len(), 1, "{told}: {:#?}", ended.calls);
        }
        Ok(())
    })
}
