use super::accepted::accept;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::query::Query;
use redrive_shared::ports::Ports;
use redrive_shared::request::{GenerateRequest, Known};

/// `POST /api/v1/generate`: accepts a job.
///
/// 1. Headers, query and body are judged: 400, 422; whom the job asks is settled. 503 when what is
///    said of the providers has mistakes.
/// 2. The job is stored, and its message sent: 503 when the database did not take it. With
///    `Idempotency-Key`, an earlier request may have made the job: then nothing is stored or sent;
///    422 when that one asked for something else.
/// 3. 202 with the job's id and where to read it. It depends on the database alone.
pub(super) async fn submit<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let key = idempotency::key(&call.parts.headers)?;
    Query::refuse(&call.parts.uri)?;
    let body = call.json()?;
    let known = Known {
        configuration: app.configuration()?,
        default_providers: &call.principal()?.default_providers,
    };
    let judged = GenerateRequest::read(&body, &known);
    accept(app, call, key, &body, judged).await
}
