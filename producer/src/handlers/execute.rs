use super::accepted::accept;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::query::Query;
use redrive_shared::ports::Ports;
use redrive_shared::request::{ExecuteRequest, ExecuteTestsRequest};

/// `POST /api/v1/execute`: accepts a job that runs a program.
///
/// 1. Headers, query and body are judged: 400, 422.
/// 2. The job is stored, and its message sent, as by `POST /api/v1/generate`: 503.
/// 3. 202 with the job's id and where to read it.
pub(super) async fn submit<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let key = idempotency::key(&call.parts.headers)?;
    Query::refuse(&call.parts.uri)?;
    let body = call.json()?;
    let judged = ExecuteRequest::read(&body, app.configuration()?);
    accept(app, call, key, &body, judged).await
}

/// `POST /api/v1/execute/tests`: accepts a job that runs a program against test cases, in the steps
/// of [`submit`].
pub(super) async fn submit_tests<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let key = idempotency::key(&call.parts.headers)?;
    Query::refuse(&call.parts.uri)?;
    let body = call.json()?;
    let judged = ExecuteTestsRequest::read(&body, app.configuration()?);
    accept(app, call, key, &body, judged).await
}
