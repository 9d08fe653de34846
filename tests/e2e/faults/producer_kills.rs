//! The runtime is killed while a submission is on its way.

use anyhow::{Result, ensure};
use redrive_tests::client::Client;
use redrive_tests::poll;
use redrive_tests::stage::Stage;
use serde_json::json;
use tokio::task::JoinHandle;
use xtask::faults::{CallFaults, Faults};

use super::{check_run_once, held_after, held_before, submit_once};
use crate::crashes::swept_to_its_end;
use crate::stages::faulty;

fn at_the_send(faults: CallFaults) -> Faults {
    let mut all = Faults::default();
    all.producer.jobs.send = faults;
    all
}

/// Two clients submit, and nobody gets an answer: the first has an idempotency key.
fn submit_two(
    client: &Client,
    model: &'static str,
    key: &'static str,
) -> [JoinHandle<Result<String>>; 2] {
    let plain = client.clone();
    [
        tokio::spawn(submit_once(client.clone(), model, key)),
        tokio::spawn(async move { plain.submit(model, json!({})).await }),
    ]
}

/// Kills the runtime, and sees to it that the submissions were not answered.
async fn kill(stage: &mut Stage, submissions: [JoinHandle<Result<String>>; 2]) -> Result<()> {
    stage.recover()?;
    stage.crash()?;
    for submission in submissions {
        let answer = submission.await?;
        ensure!(answer.is_err(), "a killed producer answered {answer:?}");
    }
    Ok(())
}

#[test]
fn f01_job_whose_producer_dies_before_the_send_is_there_once_and_is_done() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let mark = stage.mark()?;
        stage.set_faults(at_the_send(held_before()))?;
        let submissions = submit_two(&tenant.client, "sim-ok@f01", "f01");
        stage.struck(mark, "JOBS", "held_before", 2).await?;
        kill(stage, submissions).await?;

        let again = submit_once(tenant.client.clone(), "sim-ok@f01", "f01").await?;
        let jobs = tenant.client.jobs().await?;
        assert_eq!(jobs.len(), 2, "{again} among {jobs:?}");
        assert!(jobs.contains(&again), "{again} among {jobs:?}");
        for job in jobs {
            let ended = swept_to_its_end(stage, &tenant.client, &job).await?;
            check_run_once(stage, &ended).await?;
        }
        Ok(())
    })
}

#[test]
fn f02_job_whose_producer_dies_after_the_send_is_there_once_and_is_done() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let mark = stage.mark()?;
        stage.set_faults(at_the_send(held_after()))?;
        let submissions = submit_two(&tenant.client, "sim-ok@f02", "f02");
        stage.struck(mark, "JOBS", "held_after", 2).await?;
        // The messages are on their way, though nobody was told of the jobs.
        let jobs = poll::until("both jobs are stored", async || {
            let jobs = tenant.client.jobs().await?;
            Ok((jobs.len() == 2).then_some(jobs))
        })
        .await?;
        for job in &jobs {
            tenant.client.job_in(job, "succeeded").await?;
        }
        kill(stage, submissions).await?;

        let again = submit_once(tenant.client.clone(), "sim-ok@f02", "f02").await?;
        assert!(jobs.contains(&again), "{again} among {jobs:?}");
        stage.sweep().await?;
        assert_eq!(tenant.client.jobs().await?, jobs);
        for job in &jobs {
            check_run_once(stage, &tenant.client.job(job).await?).await?;
        }
        Ok(())
    })
}
