//! An answer that comes when its job is somebody else's.

use anyhow::Result;
use redrive_tests::client::{Client, column};
use redrive_tests::poll;
use redrive_tests::stage::{JOBS, Stage};
use serde_json::json;
use xtask::faults::CallFaults;

use super::{COMPLETE, at_consumers_database};
use crate::stages::faulty;

/// Sees to it that the second attempt's answer is the job's, and that the first one's was dropped
/// and counted once, with what it cost.
async fn check_first_answer_dropped(stage: &Stage, client: &Client, job: &str) -> Result<()> {
    let ended = poll::until("the late answer is dropped", async || {
        let job = client.job_in(job, "succeeded").await?;
        Ok((!job["droppedAnswers"].is_null()).then_some(job))
    })
    .await?;
    assert_eq!(ended["attempt"], 2, "{ended:#}");
    let outcomes = column(&ended["attempts"], "outcome");
    assert_eq!(outcomes, ["rescued", "succeeded"], "{ended:#}");
    let dropped = &ended["droppedAnswers"];
    assert_eq!(column(dropped, "attempt"), [1], "{ended:#}");
    assert_eq!(dropped[0]["usage"], ended["usage"], "{ended:#}");
    let events = stage.events("job.id", job)?;
    let fenced = events.iter().filter(|event| event["event"] == "fenced");
    assert_eq!(fenced.count(), 1, "{events:#?}");
    assert_eq!(stage.row(job)?.results, 1);
    Ok(())
}

#[test]
fn f19_answer_held_past_its_lease_is_dropped_counted_and_its_cost_kept() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let job = tenant.client.submit("sim-hold@f19", json!({})).await?;
        stage.called(&job, 1).await?;
        stage.end_lease(&job)?;
        stage.sweep().await?;
        // The local queue waits for the first delivery to end, so the sweep's message is handed
        // over past it.
        let second = stage.delivering(JOBS, &json!([tenant.message(&job, 1)]))?;
        stage.called(&job, 2).await?;
        // Both answers come at once.
        stage.release().await?;
        second.await??;
        check_first_answer_dropped(stage, &tenant.client, &job).await
    })
}

#[test]
fn f19_commit_held_until_another_attempt_has_ended_its_job_changes_nothing() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let mark = stage.mark()?;
        let hold = CallFaults {
            hold_before_ms: 3_000,
            times: Some(1),
            ..CallFaults::default()
        };
        stage.set_faults(at_consumers_database(hold.only(COMPLETE)))?;
        let job = tenant.client.submit("sim-ok@f19", json!({})).await?;
        stage.struck(mark, "DB", "held_before", 1).await?;
        stage.end_lease(&job)?;
        stage.sweep().await?;
        stage
            .deliver(JOBS, &json!([tenant.message(&job, 1)]))
            .await?;
        let ended = tenant.client.job(&job).await?;
        assert_eq!(ended["status"], "succeeded", "{ended:#}");
        check_first_answer_dropped(stage, &tenant.client, &job).await
    })
}
