//! `jobs ls`.

use super::Context;
use super::page::{List, plain};
use crate::arguments::JobsCommand;
use crate::client::Call;
use crate::console::{day_time, style_of_state};
use crate::documents::Job;
use crate::failure::{Failure, Outcome};

/// Lists jobs.
pub(super) async fn list(context: &Context<'_>, command: JobsCommand) -> Result<Outcome, Failure> {
    let JobsCommand::Ls(options) = command;
    let call = Call::get(["jobs"])
        .query("status", options.status)
        .query("kind", options.kind)
        .query("batchId", options.batch)
        .query("refType", options.ref_type)
        .query("refId", options.ref_id)
        .query("createdAfter", options.created_after)
        .query("createdBefore", options.created_before);
    let list = List {
        call,
        head: [
            "JOB",
            "KIND",
            "STATUS",
            "ATTEMPT",
            "CREATED",
            "NEXT ATTEMPT",
            "ENDED",
            "MODEL",
            "ERROR",
            "REFERENCE",
        ],
        right: &[3],
        row: |job: Job| {
            let style = style_of_state(&job.status);
            let reference = job.reference();
            [
                plain(job.job_id),
                plain(job.kind),
                (job.status, style),
                plain(job.attempt.to_string()),
                plain(day_time(&job.created_at)),
                plain(
                    job.next_attempt_at
                        .as_deref()
                        .map(day_time)
                        .unwrap_or_default(),
                ),
                plain(
                    job.completed_at
                        .as_deref()
                        .map(day_time)
                        .unwrap_or_default(),
                ),
                plain(job.model.unwrap_or_default()),
                plain(job.error.map(|error| error.code).unwrap_or_default()),
                plain(reference),
            ]
        },
        nothing: "No jobs.",
    };
    list.print(context, &options.page).await
}
