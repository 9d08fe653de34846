//! What the runtime calls.

use crate::wire::{self, Failure, Outcome, Statement};
use redrive_shared::cloudflare::{D1, Meter};
use redrive_shared::database::{self, Database};
use redrive_shared::log::Event;
use std::sync::Arc;
use worker::{Context, Env, Method, Request, Response, event};

/// Runs the batch of a `POST`.
#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    if request.method() != Method::Post {
        return Response::error("POST an array of statements", 405);
    }
    let statements: Vec<Statement> = match serde_json::from_str(&request.text().await?) {
        Ok(statements) => statements,
        Err(error) => return Response::error(error.to_string(), 400),
    };
    let meter = Arc::new(Meter::default());
    let database = D1::new(env.d1("DB")?, Arc::clone(&meter));
    match database
        .batch(statements.into_iter().map(prepared).collect())
        .await
    {
        Ok(results) => {
            let outcomes: Vec<Outcome> = results.into_iter().map(Into::into).collect();
            let response = json(200, &serde_json::to_string(&outcomes)?)?;
            let usage = meter.on(Event::new("batch")).to_line();
            response.headers().set(wire::USAGE_HEADER, &usage)?;
            Ok(response)
        }
        Err(error) => json(500, &serde_json::to_string(&Failure::from(error))?),
    }
}

/// The text of a statement is `'static`, because all of ours are files that are compiled in. Here
/// it comes over the wire, and is leaked: a few kilobytes in a process that lives for one test.
fn prepared(statement: Statement) -> database::Statement {
    let parameters = statement.parameters.into_iter().map(Into::into).collect();
    database::Statement::new(String::leak(statement.sql), parameters)
}

fn json(status: u16, body: &str) -> worker::Result<Response> {
    Ok(Response::ok(body)?.with_status(status))
}
