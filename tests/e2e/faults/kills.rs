//! The runtime is killed while jobs run, are committed, or are swept.

use anyhow::{Result, ensure};
use redrive_tests::client::{Client, column};
use redrive_tests::poll;
use redrive_tests::stage::{JOBS, JobRow, Stage};
use serde_json::{Value, json};
use xtask::faults::{CallFaults, Faults};

use super::{
    COMPLETE, at_consumers_database, check_run_once, every_message_lost, held_after, held_before,
    standing, submit_all,
};
use crate::crashes::swept_to_its_end;
use crate::stages::faulty;

const REDISPATCH: &str = include_str!("../../../shared/sql/sweep_redispatch.sql");

#[test]
fn f04_answer_that_dies_before_its_commit_is_asked_for_again_and_one_after_is_kept() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        stage.set_faults(every_message_lost())?;
        let jobs = submit_all(&tenant.client, "sim-ok@f04", 2).await?;
        // A delivery keeps the faults that it began with.
        for (job, hold, fault) in [
            (&jobs[0], held_before(), "held_before"),
            (&jobs[1], held_after(), "held_after"),
        ] {
            let mark = stage.mark()?;
            stage.set_faults(at_consumers_database(hold.only(COMPLETE)))?;
            drop(stage.delivering(JOBS, &json!([tenant.message(job, 1)]))?);
            stage.struck(mark, "DB", fault, 1).await?;
        }
        let rows = [stage.row(&jobs[0])?, stage.row(&jobs[1])?];
        assert_eq!(standing(&rows[0]), ("running", 1, 0));
        assert_eq!(standing(&rows[1]), ("succeeded", 1, 1));
        stage.recover()?;
        stage.crash()?;

        stage.end_lease(&jobs[0])?;
        let lost = swept_to_its_end(stage, &tenant.client, &jobs[0]).await?;
        assert_eq!(lost["status"], "succeeded", "{lost:#}");
        let outcomes = column(&lost["attempts"], "outcome");
        assert_eq!(outcomes, ["rescued", "succeeded"], "{lost:#}");
        assert_eq!(stage.calls(&jobs[0]).await?.len(), 2);
        assert_eq!(standing(&stage.row(&jobs[0])?), ("succeeded", 2, 1));
        // The message that was never acknowledged comes again.
        stage
            .deliver(JOBS, &json!([tenant.message(&jobs[1], 2)]))
            .await?;
        check_run_once(stage, &tenant.client.job(&jobs[1]).await?).await
    })
}

#[test]
fn f18_jobs_committed_before_their_delivery_dies_have_no_second_result() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        stage.set_faults(every_message_lost())?;
        let mut jobs = submit_all(&tenant.client, "sim-ok@f18", 3).await?;
        jobs.push(tenant.client.submit("sim-hold@f18", json!({})).await?);
        stage.recover()?;
        let messages = |deliveries| {
            let messages = jobs.iter().map(|job| tenant.message(job, deliveries));
            Value::Array(messages.collect())
        };
        drop(stage.delivering(JOBS, &messages(1))?);
        for job in &jobs[..3] {
            tenant.client.job_in(job, "succeeded").await?;
        }
        stage.called(&jobs[3], 1).await?;
        stage.crash()?;

        let again = stage.deliver(JOBS, &messages(2)).await?;
        let acknowledged = again["explicitAcks"].as_array().map(Vec::len);
        assert_eq!(acknowledged, Some(3), "{again}");
        // The run that held the last job's lease may still live, for all that anybody knows.
        let held = format!("{}-message", jobs[3]);
        assert_eq!(column(&again["retryMessages"], "msgId"), [&json!(held)]);
        for job in &jobs[..3] {
            check_run_once(stage, &tenant.client.job(job).await?).await?;
        }
        stage.end_lease(&jobs[3])?;
        let ended = swept_to_its_end(stage, &tenant.client, &jobs[3]).await?;
        let outcomes = column(&ended["attempts"], "outcome");
        assert_eq!(outcomes, ["rescued", "succeeded"], "{ended:#}");
        Ok(())
    })
}

/// Jobs that a sweep has something to do for, each something else.
struct Forgotten {
    /// Its run died.
    leased: String,
    /// Its message was lost.
    unsent: String,
    /// The same, and its deadline is over.
    late: String,
}

impl Forgotten {
    fn rows(&self, stage: &Stage) -> Result<[JobRow; 3]> {
        Ok([
            stage.row(&self.leased)?,
            stage.row(&self.unsent)?,
            stage.row(&self.late)?,
        ])
    }
}

/// Waits until the job's deadline is over.
async fn until_late(stage: &Stage, client: &Client, job: &str) -> Result<()> {
    poll::until("the deadline is over", async || {
        let late = client.job(job).await?;
        let now = stage.client(None)?.get("/api/health").await?.json(200)?;
        let is_over = now["timestamp"].as_str() > late["deadlineAt"].as_str();
        Ok(is_over.then_some(()))
    })
    .await
}

/// Sweeps until the sweep is held where the faults say, and kills the runtime there.
async fn killed_in_the_sweep(
    stage: &mut Stage,
    faults: Faults,
    binding: &str,
    fault: &str,
) -> Result<()> {
    let mark = stage.mark()?;
    stage.set_faults(faults)?;
    let sweep = stage.sweeping()?;
    stage.struck(mark, binding, fault, 1).await?;
    stage.recover()?;
    stage.crash()?;
    ensure!(sweep.await?.is_err(), "a killed sweep ended well");
    Ok(())
}

fn at_the_send(faults: CallFaults) -> Faults {
    let mut all = Faults::default();
    all.consumer.jobs.send = faults.only("job_");
    all
}

/// Sweeps once. Answers when there was nothing to send, or when the sweep is held as it sends.
async fn held_at_the_send(stage: &Stage) -> Result<Option<()>> {
    let mark = stage.mark()?;
    let sweep = stage.sweeping()?;
    poll::until("the sweep ends or is held", async || {
        if !stage.events_since(mark, "fault", "held_before")?.is_empty() {
            return Ok(Some(Some(())));
        }
        Ok(sweep.is_finished().then_some(None))
    })
    .await
}

#[test]
fn f06_sweep_that_dies_at_any_step_moves_each_job_once() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        let leased = client.submit("sim-hold@f06", json!({})).await?;
        stage.called(&leased, 1).await?;
        stage.set_faults(every_message_lost())?;
        let forgotten = Forgotten {
            leased,
            unsent: client.submit("sim-ok@f06", json!({})).await?,
            late: client
                .submit("sim-ok@f06", json!({"deadlineSeconds": 1}))
                .await?,
        };
        stage.end_lease(&forgotten.leased)?;
        let before = forgotten.rows(stage)?;

        let sql = |hold: CallFaults| at_consumers_database(hold.only(REDISPATCH));
        killed_in_the_sweep(stage, sql(held_before()), "DB", "held_before").await?;
        assert_eq!(forgotten.rows(stage)?, before);

        // With the deadline, the grace is over as well.
        until_late(stage, client, &forgotten.late).await?;
        killed_in_the_sweep(stage, sql(held_after()), "DB", "held_after").await?;
        let moved = forgotten.rows(stage)?;
        let counts = moved.each_ref().map(|row| (row.rescues, row.dispatches));
        assert_eq!(counts, [(1, 1), (0, 1), (0, 0)], "{moved:?}");
        let states = moved.each_ref().map(|row| row.state.as_str());
        assert_eq!(states, ["queued", "queued", "dead_lettered"]);

        // The messages were never sent, and are missed once the grace is over again.
        stage.set_faults(at_the_send(held_before()))?;
        poll::until("a sweep sends the messages", || held_at_the_send(stage)).await?;
        stage.recover()?;
        stage.crash()?;

        let rescued = swept_to_its_end(stage, client, &forgotten.leased).await?;
        let outcomes = column(&rescued["attempts"], "outcome");
        assert_eq!(outcomes, ["rescued", "succeeded"], "{rescued:#}");
        let unsent = swept_to_its_end(stage, client, &forgotten.unsent).await?;
        check_run_once(stage, &unsent).await?;
        let late = client.job(&forgotten.late).await?;
        assert_eq!(late["error"]["code"], "deadline_exceeded", "{late:#}");
        assert_eq!(stage.calls(&forgotten.late).await?, Vec::<Value>::new());
        assert_eq!(stage.row(&forgotten.leased)?.rescues, 1);
        Ok(())
    })
}
