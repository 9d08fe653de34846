//! The runtime is killed, and what was accepted is finished all the same.

use anyhow::Result;
use redrive_tests::client::{Client, column};
use redrive_tests::poll;
use redrive_tests::stage::Stage;
use serde_json::{Value, json};

use crate::stages::alone;

/// Lets the sweep run as often as it takes, and answers held calls, until a job has ended.
pub(crate) async fn swept_to_its_end(stage: &Stage, client: &Client, job: &str) -> Result<Value> {
    poll::until(format!("{job} ends"), async || {
        stage.sweep().await?;
        stage.release().await?;
        let document = client.job(job).await?;
        Ok((!document["completedAt"].is_null()).then_some(document))
    })
    .await
}

#[test]
fn f03_job_whose_call_was_killed_is_rescued_and_answered_once() -> Result<()> {
    alone(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("sim-hold", json!({})).await?;
        stage.called(&job, 1).await?;
        stage.crash()?;
        assert_eq!(tenant.client.job(&job).await?["status"], "running");
        let ended = swept_to_its_end(stage, &tenant.client, &job).await?;
        assert_eq!(ended["status"], "succeeded", "{ended:#}");
        assert_eq!(ended["attempt"], 2);
        assert_eq!(
            column(&ended["attempts"], "outcome"),
            ["rescued", "succeeded"]
        );
        assert_eq!(
            column(&ended["attempts"], "code"),
            [&json!("lease_expired"), &json!(null)]
        );
        let calls = stage.calls(&job).await?;
        let outcomes: Vec<&Value> = calls.iter().map(|call| &call["outcome"]).collect();
        assert_eq!(outcomes, ["abandoned", "answered"], "{calls:?}");
        Ok(())
    })
}

#[test]
fn message_lost_with_the_runtime_is_found_by_the_sweep() -> Result<()> {
    alone(async |stage| {
        let tenant = stage.tenant().await?;
        // The local queue keeps messages in memory and hands over one delivery at a time: behind a
        // held call, the next message waits there, and is lost when the runtime is killed.
        let held = tenant.client.submit("sim-hold", json!({})).await?;
        stage.called(&held, 1).await?;
        let job = tenant.client.submit("sim-ok", json!({})).await?;
        stage.crash()?;
        let later = tenant.client.submit("sim-ok", json!({})).await?;
        tenant.client.job_in(&later, "succeeded").await?;
        let lost = tenant.client.job(&job).await?;
        assert_eq!(
            (&lost["status"], &lost["attempt"]),
            (&json!("queued"), &json!(0)),
            "{lost:#}"
        );
        let ended = swept_to_its_end(stage, &tenant.client, &job).await?;
        assert_eq!(ended["status"], "succeeded", "{ended:#}");
        assert_eq!(column(&ended["attempts"], "outcome"), ["succeeded"]);
        assert_eq!(stage.calls(&job).await?.len(), 1);
        let rescued = swept_to_its_end(stage, &tenant.client, &held).await?;
        assert_eq!(rescued["status"], "succeeded", "{rescued:#}");
        Ok(())
    })
}
