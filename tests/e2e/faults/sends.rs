//! A queue that takes nothing.

use anyhow::Result;
use redrive_tests::poll;
use serde_json::json;
use xtask::faults::{CallFaults, Faults};

use super::check_run_once;
use crate::crashes::swept_to_its_end;
use crate::stages::faulty;

/// What the platform says when it takes no message.
const REFUSALS: [&str; 3] = [
    "Queue send failed: Too Many Requests",
    "Queue send failed: Storage Limit Exceeded",
    "Queue sendBatch failed: Internal Server Error (15000)",
];

#[test]
fn f26_job_whose_message_no_queue_takes_is_accepted_and_sent_by_the_sweep() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let mark = stage.mark()?;
        let mut jobs = Vec::new();
        for refusal in REFUSALS {
            let mut faults = Faults::default();
            faults.producer.jobs.send = CallFaults::always().saying(refusal);
            faults.consumer.jobs.send = CallFaults::always().saying(refusal);
            stage.set_faults(faults)?;
            let job = tenant.client.submit("sim-ok@f26", json!({})).await?;
            // The sweep finds it and cannot send it either.
            poll::until("a sweep tries to send it", async || {
                stage.sweep().await?;
                Ok((stage.row(&job)?.dispatches > 0).then_some(()))
            })
            .await?;
            assert_eq!(tenant.client.job(&job).await?["status"], "queued");
            jobs.push(job);
        }
        let failures = stage.events_since(mark, "event", "send_failed")?;
        let told = failures
            .iter()
            .map(|event| event["error.message"].to_string());
        let told: Vec<String> = told.collect();
        for refusal in REFUSALS {
            let (_, said) = refusal.split_once(": ").unwrap_or_default();
            let times = told.iter().filter(|told| told.contains(said)).count();
            assert!(times >= 2, "{said}: {told:?}");
        }
        stage.recover()?;
        for job in jobs {
            let ended = swept_to_its_end(stage, &tenant.client, &job).await?;
            check_run_once(stage, &ended).await?;
        }
        Ok(())
    })
}
