//! The handlers: each parses a request, asks a use case, and answers.

mod generate;
mod health;
mod jobs;
mod keys;
mod tenants;

use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::{Problem, ProblemCode};
use crate::route::Operation;
use http::HeaderMap;
use redrive_shared::ports::Ports;

/// Answers a call that was let in.
pub(crate) async fn run<P: Ports, R: Readiness>(
    app: &App<P, R>,
    operation: Operation,
    call: &mut Call,
) -> Result<Answer, Problem> {
    match operation {
        Operation::Health => health::health(app),
        Operation::Ready => health::ready(app).await,
        Operation::OpenApi => Ok(health::openapi()),
        Operation::SubmitGenerate => generate::submit(app, call).await,
        Operation::ReadJob => jobs::read(app, call).await,
        Operation::ListJobs => jobs::list(app, call).await,
        Operation::CancelJob => jobs::cancel(app, call).await,
        Operation::CreateTenant => tenants::create(app, call).await,
        Operation::CreateKey => keys::create(app, call).await,
        Operation::ListKeys => keys::list(app, call).await,
        Operation::RevokeKey => keys::revoke(app, call).await,
    }
}

/// Refuses `Idempotency-Key`: a promise that is not kept yet must not be taken for one.
fn refuse_idempotency_key(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key("idempotency-key") {
        let detail = "Idempotency-Key is not honoured yet: send the request without it.";
        return Err(Problem::new(ProblemCode::IdempotencyNotSupported, detail));
    }
    Ok(())
}
