//! The runtime is killed while lines become jobs.

use anyhow::Result;
use redrive_tests::poll;
use redrive_tests::stage::TASKS;
use serde_json::json;
use xtask::faults::Faults;

use super::{MOVE, batch, check_answered, lines, submit, swept_to_its_end, task};
use crate::faults::{at_consumers_database, held_after, held_before};
use crate::stages::faulty;

#[test]
fn f40_batch_whose_runtime_is_killed_while_its_lines_become_jobs_has_each_line_once() -> Result<()>
{
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        // Lines of this length become jobs in four steps.
        let id = submit(client, "", lines("sim-ok@f40", 180, 60_000)).await?;
        let made = poll::until(
            "some lines are jobs, and some of these are done",
            async || {
                let (made, now) = (stage.lines_made(&id)?, batch(client, &id).await?);
                let some = made > 0 && now["counts"]["succeeded"].as_u64() > Some(0);
                Ok(some.then_some(made))
            },
        )
        .await?;
        assert!(made < 180, "all lines are jobs already");
        stage.crash()?;
        let document = swept_to_its_end(stage, client, &id).await?;
        assert_eq!(document["counts"]["succeeded"], 180, "{document:#}");
        check_answered(stage, client, &id, 180).await?;
        let files = stage.files(&tenant.id)?;
        assert!(
            files.bytes > 10_000_000,
            "the lines lie in the database: {files:?}"
        );
        Ok(())
    })
}

#[test]
fn f41_step_that_dies_before_its_commit_after_it_or_before_its_messages_makes_each_line_once()
-> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        let mut lost = Faults::default();
        lost.producer.tasks.drop = 1.0;
        stage.set_faults(lost)?;
        let mut batches = Vec::new();
        for _ in 0..3 {
            batches.push(submit(client, "", lines("sim-ok@f41", 20, 0)).await?);
        }
        let mut at_the_send = Faults::default();
        at_the_send.consumer.bulk_jobs.send = held_before();
        // A delivery keeps the faults that it began with.
        for (batch, faults, binding, fault, made) in [
            (
                &batches[0],
                at_consumers_database(held_before().only(MOVE)),
                "DB",
                "held_before",
                0,
            ),
            (
                &batches[1],
                at_consumers_database(held_after().only(MOVE)),
                "DB",
                "held_after",
                20,
            ),
            (&batches[2], at_the_send, "BULK_JOBS", "held_before", 20),
        ] {
            let mark = stage.mark()?;
            stage.set_faults(faults)?;
            drop(stage.delivering(TASKS, &task(&tenant, batch))?);
            stage.struck(mark, binding, fault, 1).await?;
            assert_eq!(stage.lines_made(batch)?, made, "{fault} at {binding}");
            assert_eq!(
                stage.rows_of_batch(batch)?,
                [made, made, 0],
                "{fault} at {binding}"
            );
        }
        stage.recover()?;
        stage.crash()?;
        for id in &batches {
            swept_to_its_end(stage, client, id).await?;
            check_answered(stage, client, id, 20).await?;
        }
        // A message that comes late finds a batch that has ended.
        let late = stage.deliver(TASKS, &task(&tenant, &batches[0])).await?;
        assert_eq!(late["retryMessages"], json!([]), "{late}");
        check_answered(stage, client, &batches[0], 20).await
    })
}
