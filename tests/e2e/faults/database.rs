//! A database that is locked, down, or overloaded, or whose answers are lost.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::future::{join_all, try_join_all};
use redrive_tests::client::{Answer, Client, PROMPT, column, text};
use redrive_tests::poll;
use redrive_tests::stage::{JOBS, Stage, Tenant};
use reqwest::Method;
use serde_json::{Value, json};
use xtask::faults::{CallFaults, Faults};

use super::{COMPLETE, at_consumers_database, check_run_once, every_message_lost, submit_all};
use crate::stages::faulty;

const CLAIM: &str = include_str!("../../../shared/sql/claim_jobs.sql");
const INSERT: &str = include_str!("../../../shared/sql/insert_job.sql");
const CANCEL: &str = include_str!("../../../shared/sql/cancel_job.sql");

const DOWN: &str = "Network connection lost.";
const OVERLOADED: &str = "D1 DB is overloaded. Too many requests queued.";

/// How long the database is locked.
const LOCKED: Duration = Duration::from_secs(4);

/// The database of both Workers fails.
fn at_both_databases(faults: &CallFaults) -> Faults {
    let mut all = Faults::default();
    all.producer.database = faults.clone();
    all.consumer.database = faults.clone();
    all
}

/// Sees to it that an answer is the problem of a database that does not work, and gives back the
/// seconds that it asks for.
fn refused(answer: &Answer) -> Result<u32> {
    let problem = answer.json(503)?;
    assert_eq!(problem["code"], "storage-unavailable", "{problem:#}");
    let seconds = answer.header("retry-after").parse();
    seconds.context("no seconds in Retry-After")
}

async fn submit(client: &Client, model: &str) -> Result<Answer> {
    let request = json!({"prompt": PROMPT, "model": model});
    client.post("/api/v1/generate", &request).await
}

/// Deliveries of ten jobs each, side by side.
fn in_tens(tenant: &Tenant, jobs: &[String]) -> Vec<Value> {
    let messages = jobs
        .chunks(10)
        .map(|ten| ten.iter().map(|job| tenant.message(job, 1)).collect());
    messages.map(Value::Array).collect()
}

/// Submits so many jobs at once while the database is locked for [`LOCKED`].
async fn submit_while_locked(stage: &Stage, tenant: &Tenant, count: usize) -> Result<Vec<Answer>> {
    let begun = Instant::now();
    let lock = stage.lock_database()?;
    let committed = || -> Result<u32> {
        let sql = "SELECT count(*) FROM task_results WHERE tenant_id = ?1";
        Ok(lock.query_row(sql, [&tenant.id], |row| row.get(0))?)
    };
    let before = committed()?;
    let submissions = (0..count).map(|_| {
        let client = tenant.client.clone();
        tokio::spawn(async move { submit(&client, "sim-ok@f20").await })
    });
    let submissions: Vec<_> = submissions.collect();
    tokio::time::sleep(LOCKED.saturating_sub(begun.elapsed())).await;
    assert_eq!(committed()?, before, "somebody wrote to a locked database");
    drop(lock);
    let answers = join_all(submissions).await.into_iter();
    answers.map(|answer| answer?).collect()
}

#[test]
fn f20_database_locked_for_four_seconds_loses_no_job_and_no_answer() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        stage.set_faults(every_message_lost())?;
        let running = submit_all(&tenant.client, "sim-slow-1000@f20", 50).await?;
        stage.recover()?;
        let deliveries: Vec<_> = in_tens(&tenant, &running)
            .iter()
            .map(|messages| stage.delivering(JOBS, messages))
            .collect::<Result<_>>()?;
        for first in running.iter().step_by(10) {
            stage.called(first, 1).await?;
        }
        let answers = submit_while_locked(stage, &tenant, 50).await?;

        let mut jobs = running.clone();
        for answer in answers {
            if answer.status == 202 {
                jobs.push(text(&answer.json(202)?, "jobId")?);
            } else {
                refused(&answer)?;
            }
        }
        // No call was made in vain: every commit waited for its turn.
        for delivery in join_all(deliveries).await {
            let outcome = delivery??;
            assert_eq!(outcome["retryMessages"], json!([]), "{outcome}");
        }
        let ended = try_join_all(jobs.iter().map(|job| tenant.client.ended(job))).await?;
        for job in &ended {
            check_run_once(stage, job).await?;
        }
        let mut listed = tenant.client.jobs().await?;
        listed.sort();
        jobs.sort();
        assert_eq!(listed, jobs, "what was refused is not there");
        Ok(())
    })
}

/// Every route that needs the database says that it does not answer.
async fn check_every_route_refuses(client: &Client, job: &str) -> Result<()> {
    assert!(refused(&submit(client, "sim-ok@f22").await?)? > 0);
    for path in [format!("/api/v1/jobs/{job}"), "/api/v1/jobs".to_owned()] {
        assert!(refused(&client.get(&path).await?)? > 0, "{path}");
    }
    let cancel = client.request(Method::POST, &format!("/api/v1/jobs/{job}/cancel"));
    assert!(refused(&Answer::of(cancel).await?)? > 0);
    let ready = client.get("/api/ready").await?.json(503)?;
    assert_eq!(ready["checks"]["database"]["ok"], false, "{ready:#}");
    assert_eq!(client.get("/api/health").await?.status, 200);
    Ok(())
}

#[test]
fn f22_while_the_database_is_down_nothing_is_acknowledged_and_the_api_says_so() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let mark = stage.mark()?;
        let down = CallFaults::always().saying(DOWN);
        stage.set_faults(at_consumers_database(down.clone()))?;
        let jobs = submit_all(&tenant.client, "sim-ok@f22", 3).await?;
        stage.set_faults(at_both_databases(&down))?;
        check_every_route_refuses(&tenant.client, &jobs[0]).await?;
        // Each message comes a second time by itself, five seconds later, and in vain.
        let deliveries = poll::until("every message comes twice", async || {
            let events = stage.events_since(mark, "event", "delivery")?;
            let messages = events.iter().filter_map(|event| event["messages"].as_u64());
            Ok((messages.sum::<u64>() >= 6).then_some(events))
        })
        .await?;
        for delivery in &deliveries {
            assert_eq!(delivery["retried"], delivery["messages"], "{delivery}");
        }
        check_every_route_refuses(&tenant.client, &jobs[0]).await?;
        stage.recover()?;
        // Nobody sweeps: the messages are still there.
        for job in &jobs {
            let ended = tenant.client.job_in(job, "succeeded").await?;
            check_run_once(stage, &ended).await?;
        }
        assert_eq!(tenant.client.jobs().await?.len(), jobs.len());
        Ok(())
    })
}

/// Runs a job while commits fail, and sees to it that nobody notices.
async fn check_committed_once(stage: &Stage, tenant: &Tenant, faults: CallFaults) -> Result<()> {
    stage.set_faults(at_consumers_database(faults.only(COMPLETE)))?;
    let mark = stage.mark()?;
    let job = tenant.client.submit("sim-ok@f22", json!({})).await?;
    let ended = tenant.client.job_in(&job, "succeeded").await?;
    poll::until("the delivery ends", async || {
        let ends = stage.events_since(mark, "event", "delivery")?;
        Ok((!ends.is_empty()).then_some(()))
    })
    .await?;
    check_run_once(stage, &ended).await?;
    let events = stage.events("job.id", &job)?;
    let names = column_of(&events, "event");
    assert!(names.contains(&"attempt"), "{events:#?}");
    assert!(!names.contains(&"fenced"), "{events:#?}");
    assert_eq!(ended["droppedAnswers"], Value::Null, "{ended:#}");
    Ok(())
}

fn column_of<'e>(events: &'e [Value], name: &str) -> Vec<&'e str> {
    let values = events.iter().map(|event| event[name].as_str());
    values.map(Option::unwrap_or_default).collect()
}

#[test]
fn f22_commit_outlasts_an_outage_of_seconds_and_knows_itself_when_its_answer_was_lost() -> Result<()>
{
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let times = |faults: CallFaults, times| CallFaults {
            times: Some(times),
            ..faults.saying(DOWN)
        };
        // Tried again after 0.1, 0.3, 0.9 and 2 seconds.
        check_committed_once(stage, &tenant, times(CallFaults::always(), 4)).await?;
        check_committed_once(stage, &tenant, times(CallFaults::always_after(), 1)).await
    })
}

#[test]
fn f22_lost_answers_of_the_database_make_neither_a_second_job_nor_a_second_call() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let lost = |statement| CallFaults {
            times: Some(1),
            ..CallFaults::always_after().saying(DOWN).only(statement)
        };
        let mut faults = at_consumers_database(lost(CLAIM));
        faults.producer.database = lost(INSERT);
        let mark = stage.mark()?;
        stage.set_faults(faults)?;
        let job = tenant.client.submit("sim-ok@f22", json!({})).await?;
        let ended = tenant.client.job_in(&job, "succeeded").await?;
        stage.struck(mark, "DB", "after", 2).await?;
        check_run_once(stage, &ended).await?;
        assert_eq!(tenant.client.jobs().await?, [job]);

        let mut faults = every_message_lost();
        faults.producer.database = lost(CANCEL);
        stage.set_faults(faults)?;
        let job = tenant.client.submit("sim-ok@f22", json!({})).await?;
        let cancel = format!("/api/v1/jobs/{job}/cancel");
        let cancelled = tenant.client.post(&cancel, &json!({})).await?.json(200)?;
        stage.struck(mark, "DB", "after", 3).await?;
        assert_eq!(cancelled["status"], "cancelled", "{cancelled:#}");
        assert_eq!(tenant.client.job(&job).await?, cancelled);
        Ok(())
    })
}

#[test]
fn f23_overloaded_database_is_left_alone_for_longer_each_time_and_nobody_is_called() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        stage.set_faults(every_message_lost())?;
        let job = tenant.client.submit("sim-ok@f23", json!({})).await?;
        let overloaded = CallFaults::always().saying(OVERLOADED);
        stage.set_faults(at_both_databases(&overloaded))?;
        for (times, delay) in [(1, 30), (2, 60), (3, 120), (9, 300)] {
            let mark = stage.mark()?;
            let messages = json!([tenant.message(&job, times)]);
            let outcome = stage.deliver(JOBS, &messages).await?;
            let delays = column(&outcome["retryMessages"], "delaySeconds");
            assert_eq!(delays, [delay], "{outcome}");
            // What is overloaded is asked once.
            stage.struck(mark, "DB", "before", 1).await?;
            assert_eq!(stage.events_since(mark, "event", "fault")?.len(), 1);
        }
        assert_eq!(stage.calls(&job).await?, Vec::<Value>::new());
        let answer = submit(&tenant.client, "sim-ok@f23").await?;
        assert_eq!(refused(&answer)?, 10);
        stage.recover()?;
        let messages = json!([tenant.message(&job, 10)]);
        stage.deliver(JOBS, &messages).await?;
        check_run_once(stage, &tenant.client.job(&job).await?).await
    })
}
