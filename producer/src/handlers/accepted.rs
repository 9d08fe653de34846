//! The answer to whoever set a job going: by a submit, or by a replay.

use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::idempotency::REPLAYED;
use crate::problem::Problem;
use crate::wire::AcceptedDocument;
use http::StatusCode;
use http::header::{LOCATION, RETRY_AFTER};
use redrive_shared::idempotency::{Idempotency, IdempotencyKey};
use redrive_shared::ids::JobId;
use redrive_shared::json::FieldError;
use redrive_shared::ports::Ports;
use redrive_shared::submit::{JobRequest, Submitted, submit, submit_once, submitted};
use serde_json::Value;

/// Stores the job of a request, sends its message, and answers: the last two steps of every submit.
/// With a key, an earlier request may have made the job; its answer is given again even if the
/// request is refused by now, because it names a provider that was removed.
pub(super) async fn accept<P: Ports, R: Readiness, J: JobRequest>(
    app: &App<P, R>,
    call: &mut Call,
    key: Option<IdempotencyKey>,
    body: &Value,
    judged: Result<J, Vec<FieldError>>,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let Some(key) = key else {
        let request = judged.map_err(Problem::invalid)?;
        let job = submit(&app.ports, &tenant, &request).await?;
        return accepted(call, job, false);
    };
    let idempotency = Idempotency::of_body(key, body);
    let request = match judged {
        Ok(request) => request,
        Err(errors) => {
            return match submitted(&app.ports, &tenant, J::KIND, &idempotency).await? {
                Some(job) => accepted(call, job, true),
                None => Err(Problem::invalid(errors)),
            };
        }
    };
    match submit_once(&app.ports, &tenant, &request, &idempotency).await? {
        Submitted::New(job) => accepted(call, job, false),
        Submitted::Repeated(job) => accepted(call, job, true),
        Submitted::KeyReused => Err(Problem::idempotency_key_reused()),
    }
}

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
