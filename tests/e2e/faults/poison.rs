//! A job that takes down the runtime whenever it is run.

use anyhow::Result;
use redrive_tests::client::column;
use redrive_tests::poll;
use redrive_tests::stage::Stage;
use serde_json::json;

use super::{every_message_lost, submit_all};
use crate::stages::faulty;

/// Sweeps until the provider has got a call for the job. All that is forgotten is sent together.
async fn swept_to_its_call(stage: &Stage, job: &str, call: usize) -> Result<()> {
    poll::until(format!("call {call} for {job}"), async || {
        stage.sweep().await?;
        Ok((stage.calls(job).await?.len() == call).then_some(()))
    })
    .await
}

/// Ends the lease of every job that runs.
fn end_leases(stage: &Stage, jobs: &[String]) -> Result<()> {
    for job in jobs {
        if stage.row(job)?.state == "running" {
            stage.end_lease(job)?;
        }
    }
    Ok(())
}

#[test]
fn f36_job_that_kills_its_run_three_times_is_poison_and_its_neighbours_succeed() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        stage.set_faults(every_message_lost())?;
        let mut jobs = submit_all(&tenant.client, "sim-slow-300@f36", 2).await?;
        let guilty = tenant.client.submit("sim-hold@f36", json!({})).await?;
        jobs.push(guilty.clone());
        jobs.extend(submit_all(&tenant.client, "sim-slow-300@f36", 2).await?);
        stage.recover()?;
        for call in 1..=3 {
            swept_to_its_call(stage, &guilty, call).await?;
            stage.crash()?;
            end_leases(stage, &jobs)?;
        }
        let dead = poll::until("the job is given up", async || {
            stage.sweep().await?;
            let job = tenant.client.job(&guilty).await?;
            Ok((!job["completedAt"].is_null()).then_some(job))
        })
        .await?;
        assert_eq!(dead["status"], "dead_lettered", "{dead:#}");
        assert_eq!(dead["error"]["code"], "poison", "{dead:#}");
        assert_eq!(column(&dead["attempts"], "outcome"), ["rescued"; 3]);
        assert_eq!(stage.calls(&guilty).await?.len(), 3);
        for neighbour in jobs.iter().filter(|job| **job != guilty) {
            let ended = tenant.client.job_in(neighbour, "succeeded").await?;
            let row = stage.row(neighbour)?;
            assert!(row.rescues <= 1, "{row:?}: {ended:#}");
            assert_eq!(row.results, 1);
        }
        Ok(())
    })
}
