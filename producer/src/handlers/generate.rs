use super::refuse_idempotency_key;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::AcceptedDocument;
use http::StatusCode;
use http::header::{LOCATION, RETRY_AFTER};
use redrive_shared::ports::Ports;
use redrive_shared::request::GenerateRequest;
use redrive_shared::submit::submit_generate;

/// `POST /api/v1/generate`: accepts a job.
///
/// 1. Headers, query and body are judged: 400, 422.
/// 2. The job is stored, and its message sent: 503 when the database did not take it.
/// 3. 202 with the job's id and where to read it. It depends on the database alone.
pub(super) async fn submit<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    refuse_idempotency_key(&call.parts.headers)?;
    Query::refuse(&call.parts.uri)?;
    let request = GenerateRequest::read(&call.json()?).map_err(Problem::invalid)?;
    let tenant = call.tenant()?;
    let job = submit_generate(&app.ports, &tenant, &request).await?;
    let status_url = call.url_of(&format!("/api/v1/jobs/{job}"));
    let document = AcceptedDocument {
        success: true,
        job_id: job.to_string(),
        status: "queued",
        status_url: status_url.clone(),
    };
    call.noted.job = Some(job);
    Ok(Answer::json(StatusCode::ACCEPTED, &document)?
        .with(LOCATION, &status_url)
        .with(RETRY_AFTER, "1"))
}
