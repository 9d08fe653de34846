//! Databases and queues that fail while a batch runs.

use anyhow::Result;
use redrive_tests::stage::TASKS;
use xtask::faults::{CallFaults, Faults};

use super::{MOVE, check_answered, ended, lines, submit, swept_to_its_end, task};
use crate::faults::at_consumers_database;
use crate::stages::faulty;

const DOWN: &str = "D1_ERROR: Network connection lost.";

fn times(faults: CallFaults, times: u32) -> CallFaults {
    CallFaults {
        times: Some(times),
        ..faults.saying(DOWN)
    }
}

#[test]
fn f42_steps_whose_database_fails_before_or_after_make_each_line_once() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        // Ridden out within the step; answers that are lost; and an outage that outlasts the step, so
        // that its message is delivered again.
        for (faults, fault, struck) in [
            (times(CallFaults::always(), 2), "before", 2),
            (times(CallFaults::always_after(), 1), "after", 1),
            (times(CallFaults::always_after(), 3), "after", 3),
            (times(CallFaults::always(), 3), "before", 3),
        ] {
            let mark = stage.mark()?;
            stage.set_faults(at_consumers_database(faults.only(MOVE)))?;
            let id = submit(client, "", lines("sim-ok@f42", 20, 0)).await?;
            stage.struck(mark, "DB", fault, struck).await?;
            stage.recover()?;
            swept_to_its_end(stage, client, &id).await?;
            check_answered(stage, client, &id, 20).await?;
        }
        Ok(())
    })
}

#[test]
fn f43_batch_whose_messages_come_more_than_once_or_late_has_each_line_once() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        let mut faults = Faults::default();
        for queue in [
            &mut faults.producer.tasks,
            &mut faults.consumer.tasks,
            &mut faults.consumer.bulk_jobs,
        ] {
            (
                queue.duplicate,
                queue.copies,
                queue.delay,
                queue.delay_seconds,
            ) = (0.5, 2, 0.3, 2);
        }
        stage.set_faults(faults)?;
        let id = submit(client, "", lines("sim-ok@f43", 120, 60_000)).await?;
        // Two steps at once, beside those that are on their way.
        let both = [
            stage.delivering(TASKS, &task(&tenant, &id))?,
            stage.delivering(TASKS, &task(&tenant, &id))?,
        ];
        for delivery in both {
            delivery.await??;
        }
        ended(client, &id, async || Ok(())).await?;
        check_answered(stage, client, &id, 120).await
    })
}

#[test]
fn f43_batch_whose_messages_are_all_lost_is_found_by_the_sweep() -> Result<()> {
    faulty(async |stage| {
        let tenant = stage.tenant().await?;
        let client = &tenant.client;
        let mut faults = Faults::default();
        faults.producer.tasks.drop = 1.0;
        faults.consumer.bulk_jobs.drop = 0.5;
        faults.consumer.tasks.drop = 0.5;
        stage.set_faults(faults)?;
        let id = submit(client, "", lines("sim-ok@f43", 40, 0)).await?;
        swept_to_its_end(stage, client, &id).await?;
        check_answered(stage, client, &id, 40).await
    })
}
