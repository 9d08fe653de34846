//! A queue that delivers more than it was given.

use anyhow::{Context as _, Result};
use redrive_tests::poll;
use redrive_tests::stage::{Mark, Stage};
use serde_json::Value;
use xtask::faults::Faults;

use super::{check_run_once, submit_all};
use crate::stages::faulty;

const SUBMITTED: usize = 4;

/// The sum of a field of events.
fn sum(events: &[Value], name: &str) -> Result<u64> {
    let numbers = events.iter().map(|event| event[name].as_u64());
    numbers
        .sum::<Option<u64>>()
        .with_context(|| format!("no {name}"))
}

/// What the deliveries since `mark` tell, when they have brought so many messages.
async fn deliveries(stage: &Stage, mark: Mark, messages: u64) -> Result<Vec<Value>> {
    poll::until(format!("{messages} messages are delivered"), async || {
        let events = stage.events_since(mark, "event", "delivery")?;
        Ok((sum(&events, "messages")? >= messages).then_some(events))
    })
    .await
}

#[test]
fn f15_every_message_twice_and_ten_times_gives_one_result_for_a_batch_each() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        for copies in [1, 9] {
            let mark = stage.mark()?;
            let mut faults = Faults::default();
            faults.producer.jobs.duplicate = 1.0;
            faults.producer.jobs.copies = copies;
            faults.producer.jobs.delay_seconds = 2;
            stage.set_faults(faults)?;
            let jobs = submit_all(&tenant.client, "sim-ok@f15", SUBMITTED).await?;
            let all = u64::try_from(SUBMITTED)? * (1 + u64::from(copies));
            let events = deliveries(stage, mark, all).await?;
            assert_eq!(sum(&events, "messages")?, all, "{events:#?}");
            assert_eq!(sum(&events, "retried")?, 0, "{events:#?}");
            // A delivery reads and claims in one batch; each commit is one more at most.
            let batches = sum(&events, "d1.round_trips")?;
            let most = events.len() + SUBMITTED;
            assert!(batches <= u64::try_from(most)?, "{batches}: {events:#?}");
            for job in jobs {
                check_run_once(stage, &tenant.client.job(&job).await?).await?;
            }
        }
        Ok(())
    })
}
