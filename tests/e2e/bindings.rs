//! The bindings fail as they are told to: what the tests of faults and `cargo xtask chaos` rely on.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use redrive_tests::client::PROMPT;
use redrive_tests::poll;
use serde_json::json;
use xtask::faults::{CallFaults, Faults, QueueFaults};

use crate::crashes::swept_to_its_end;
use crate::stages::{faulty, shared};

#[test]
fn call_that_fails_before_changes_nothing_and_one_that_fails_after_took_effect() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let request = json!({"prompt": PROMPT, "model": "sim-ok"});
        let mut faults = Faults::default();
        for (calls, fault, jobs) in [
            (CallFaults::always(), "before", 0),
            (CallFaults::always_after(), "after", 1),
        ] {
            let mark = stage.mark()?;
            faults.producer.database = calls.only("INSERT INTO jobs");
            stage.set_faults(faults.clone())?;
            tenant.client.post("/api/v1/generate", &request).await?;
            stage.recover()?;
            stage.struck(mark, "DB", fault, 1).await?;
            assert_eq!(tenant.client.jobs().await?.len(), jobs, "{fault}");
        }
        let jobs = tenant.client.jobs().await?;
        let job = jobs.first().context("no job")?;
        swept_to_its_end(stage, &tenant.client, job).await?;
        Ok(())
    })
}

#[test]
fn faults_strike_the_calls_that_are_meant_and_only_so_often() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let mark = stage.mark()?;
        let mut faults = Faults::default();
        faults.consumer.database = CallFaults {
            hold_before_ms: 700,
            only: Some("INSERT INTO task_results".to_owned()),
            times: Some(1),
            ..CallFaults::default()
        };
        stage.set_faults(faults)?;
        let start = Instant::now();
        for _ in 0..2 {
            let job = tenant.client.submit("sim-ok", json!({})).await?;
            tenant.client.job_in(&job, "succeeded").await?;
        }
        assert!(start.elapsed() >= Duration::from_millis(700));
        stage.struck(mark, "DB", "held_before", 1).await?;
        assert_eq!(stage.events_since(mark, "event", "fault")?.len(), 1);
        Ok(())
    })
}

#[test]
fn queue_delays_and_repeats_messages_and_loses_them() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let mark = stage.mark()?;
        let mut faults = Faults::default();
        faults.producer.jobs = QueueFaults {
            duplicate: 1.0,
            copies: 3,
            delay: 1.0,
            delay_seconds: 1,
            ..QueueFaults::default()
        };
        stage.set_faults(faults.clone())?;
        let job = tenant.client.submit("sim-ok", json!({})).await?;
        stage.struck(mark, "JOBS", "delayed", 1).await?;
        stage.struck(mark, "JOBS", "duplicated", 1).await?;
        poll::until("the message and its copies have come", async || {
            let deliveries = stage.events_since(mark, "event", "delivery")?;
            let messages = deliveries
                .iter()
                .filter_map(|event| event["messages"].as_u64());
            Ok((messages.sum::<u64>() >= 4).then_some(()))
        })
        .await?;
        tenant.client.job_in(&job, "succeeded").await?;

        faults.producer.jobs = QueueFaults {
            drop: 1.0,
            ..QueueFaults::default()
        };
        stage.set_faults(faults)?;
        let job = tenant.client.submit("sim-ok", json!({})).await?;
        stage.struck(mark, "JOBS", "dropped", 1).await?;
        assert_eq!(tenant.client.job(&job).await?["status"], "queued");
        swept_to_its_end(stage, &tenant.client, &job).await?;
        Ok(())
    })
}

#[test]
fn faults_survive_a_crash() -> Result<()> {
    faulty(async |stage| {
        let mut faults = Faults::default();
        faults.producer.database = CallFaults::always();
        stage.set_faults(faults)?;
        stage.crash()?;
        let tenant = json!({"name": "a tenant of a test"});
        let answer = stage
            .operator()?
            .post("/api/v1/admin/tenants", &tenant)
            .await?;
        assert_eq!(answer.status, 503, "{}", answer.body);
        stage.recover()?;
        stage.tenant().await?;
        Ok(())
    })
}

#[test]
fn stage_that_was_started_without_faults_takes_none() -> Result<()> {
    shared(async |stage| {
        let error = stage.set_faults(Faults::default()).unwrap_err();
        assert!(error.to_string().contains("without faults"), "{error}");
        Ok(())
    })
}
