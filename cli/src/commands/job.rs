//! One job: shown, waited for, cancelled.

mod replays;
mod show;

pub(super) use replays::print_replays;
pub(super) use show::{attempts, print_job, print_result};

use super::Context;
use crate::arguments::StatusOptions;
use crate::client::{Call, Document, Prefer};
use crate::documents::Job;
use crate::failure::{Failure, Outcome};

/// Shows a job, at once or when it has ended.
pub(super) async fn status(
    context: &Context<'_>,
    options: &StatusOptions,
) -> Result<Outcome, Failure> {
    let (document, job) = if options.wait {
        wait(context, &options.job).await?
    } else {
        let call = Call::get(["jobs", &options.job]);
        let document = context.client.document(&call).await?;
        let job = document.read_as()?;
        (document, job)
    };
    if context.console.json {
        context.console.line(&document.text)?;
    } else {
        print_job(context, &job)?;
    }
    Ok(if options.wait {
        outcome(&job)
    } else {
        Outcome::Done
    })
}

/// Asks until the job has ended; the server holds each answer for a while.
pub(super) async fn wait(context: &Context<'_>, id: &str) -> Result<(Document, Job), Failure> {
    let call = Call::get(["jobs", id]).prefer(Prefer::WhenEnded);
    loop {
        let asked = std::time::Instant::now();
        let document = context.client.document(&call).await?;
        let job: Job = document.read_as()?;
        if job.has_ended() {
            return Ok((document, job));
        }
        // A server or a proxy that does not hold the answer is not asked all the time.
        let pause = super::PAUSE.saturating_sub(asked.elapsed());
        tokio::time::sleep(pause).await;
    }
}

/// Whether the job that has ended did what it was to do.
pub(super) fn outcome(job: &Job) -> Outcome {
    if job.status == "succeeded" {
        Outcome::Done
    } else {
        Outcome::Failed
    }
}

/// Cancels a job. Asked twice, the server answers the same.
pub(super) async fn cancel(context: &Context<'_>, id: &str) -> Result<Outcome, Failure> {
    let call = Call::post(["jobs", id, "cancel"]).same_twice();
    let document = context.client.document(&call).await?;
    if context.console.json {
        context.console.line(&document.text)?;
    } else {
        print_job(context, &document.read_as()?)?;
    }
    Ok(Outcome::Done)
}
