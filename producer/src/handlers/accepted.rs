//! The answer to whoever set a job going: by a submit, or by a replay.

use crate::answer::Answer;
use crate::call::Call;
use crate::idempotency::REPLAYED;
use crate::problem::Problem;
use crate::wire::AcceptedDocument;
use http::StatusCode;
use http::header::{LOCATION, RETRY_AFTER};
use redrive_shared::ids::JobId;

/// 202 with the job's id and where to read it, noted for the log. When an earlier request with the
/// same idempotency key got this answer first, a header says so.
pub(super) fn accepted(call: &mut Call, job: JobId, is_repeated: bool) -> Result<Answer, Problem> {
    let status_url = call.url_of(&format!("/api/v1/jobs/{job}"));
    let document = AcceptedDocument {
        success: true,
        job_id: job.to_string(),
        status: "queued",
        status_url: status_url.clone(),
    };
    call.noted.job = Some(job);
    let answer = Answer::json(StatusCode::ACCEPTED, &document)?
        .with(LOCATION, &status_url)
        .with(RETRY_AFTER, "1");
    Ok(if is_repeated {
        answer.with(REPLAYED, "true")
    } else {
        answer
    })
}
