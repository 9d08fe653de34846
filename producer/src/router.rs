//! The router: from a request to the one answer, the same way for every route.

use crate::access;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::body::{self, Incoming};
use crate::call::Call;
use crate::handlers;
use crate::problem::{Problem, ProblemCode};
use crate::route::{self, ROUTES, Takes};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use http::header::ALLOW;
use http::{Method, StatusCode};
use redrive_shared::clock::{Clock, Instant};
use redrive_shared::ids::RequestId;
use redrive_shared::log::{Event, Log};
use redrive_shared::ports::Ports;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// The most bytes of a path and its query.
const URL_LIMIT: usize = 2 * 1024;

/// The most bytes of all header names and values.
const HEADER_LIMIT: usize = 16 * 1024;

/// The API: every route of the table, and a problem document for everything else.
pub fn router<P, R>(app: Arc<App<P, R>>) -> Router
where
    P: Ports + 'static,
    R: Readiness + 'static,
{
    let paths: BTreeSet<&'static str> = ROUTES.iter().map(|route| route.path).collect();
    let mut router = Router::new();
    for path in paths {
        let app = Arc::clone(&app);
        let handler = any(move |request: Request| serve(Arc::clone(&app), Some(path), request));
        router = router.route(path, handler);
    }
    router.fallback(move |request: Request| serve(Arc::clone(&app), None, request))
}

/// Answers one request, whatever happens, and logs it.
async fn serve<P: Ports + 'static, R: Readiness + 'static>(
    app: Arc<App<P, R>>,
    pattern: Option<&'static str>,
    request: Request,
) -> Response {
    let started_at = app.ports.clock().now();
    let (parts, body) = request.into_parts();
    let id = RequestId::new(started_at, app.ports.entropy());
    let mut call = Call::new(id, parts, pattern);
    let (answer, problem) = match answer(&app, &mut call, body).await {
        Ok(answer) => (answer, None),
        Err(problem) => (problem.clone().into_answer(&call), Some(problem)),
    };
    log(&app.ports, &call, answer.status, problem, started_at);
    answer.into_response(call.id.as_str())
}

/// 1. 414, 431: the URL or the headers are too large.
/// 2. 404, 405: there is no such route. `OPTIONS` is answered with what there is.
/// 3. Access: see [`access::admit`].
/// 4. The body, of a route that takes one: see [`body::read`].
/// 5. The handler.
async fn answer<P: Ports + 'static, R: Readiness + 'static>(
    app: &Arc<App<P, R>>,
    call: &mut Call,
    body: Body,
) -> Result<Answer, Problem> {
    check_size(call)?;
    let pattern = call.pattern.ok_or_else(|| {
        Problem::new(
            ProblemCode::RouteNotFound,
            "There is no such path in this API.",
        )
    })?;
    let method = &call.parts.method;
    if method == Method::OPTIONS {
        return Ok(
            Answer::empty(StatusCode::NO_CONTENT).with(ALLOW, &route::allowed_methods(pattern))
        );
    }
    let route = route::find(pattern, method)
        .ok_or_else(|| Problem::method_not_allowed(&route::allowed_methods(pattern)))?;
    access::admit(app, route.access, call).await?;
    match route.takes() {
        Takes::Nothing => {}
        Takes::Json => {
            call.body = body::read(&call.parts.headers, body, app.ports.clock()).await?;
        }
        Takes::Upload(limit) => {
            let incoming = Incoming::of(&call.parts.headers, body, limit)?;
            call.incoming = Mutex::new(Some(incoming));
        }
    }
    handlers::run(app, route.operation, call).await
}

fn check_size(call: &Call) -> Result<(), Problem> {
    let url = call
        .parts
        .uri
        .path_and_query()
        .map_or(0, |url| url.as_str().len());
    if url > URL_LIMIT {
        let detail = format!("Path and query must be at most {URL_LIMIT} bytes long.");
        return Err(Problem::new(ProblemCode::UriTooLong, detail));
    }
    let headers: usize = call
        .parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers > HEADER_LIMIT {
        let detail = format!("The headers must be at most {HEADER_LIMIT} bytes long in all.");
        return Err(Problem::new(ProblemCode::HeadersTooLarge, detail));
    }
    Ok(())
}

/// One event a request: ids, codes and lengths of time, nothing of what was sent.
fn log(
    ports: &impl Ports,
    call: &Call,
    status: StatusCode,
    problem: Option<Problem>,
    started_at: Instant,
) {
    let mut event = Event::new("request")
        .with("request.id", call.id.as_str())
        .with("method", method_name(&call.parts.method))
        .with("route", call.pattern)
        .with("status", status.as_u16())
        .with("duration_ms", ports.clock().now().millis_since(started_at));
    if let Some(tenant) = &call.noted.tenant {
        event = event.with("tenant.id", tenant.as_str());
    }
    if let Some(key) = &call.noted.key {
        event = event.with("key.id", key.as_str());
    }
    if let Some(job) = &call.noted.job {
        event = event.with("job.id", job.as_str());
    }
    if let Some(replay) = &call.noted.replay {
        event = event.with("replay.id", replay.as_str());
    }
    if let Some(batch) = &call.noted.batch {
        event = event.with("batch.id", batch.as_str());
    }
    if let Some(problem) = problem {
        event = event.with("error.code", problem.code.as_str());
        if let Some(cause) = problem.cause {
            event = event.with("error.message", cause);
        }
    }
    ports.log().conclude(event);
}

/// The method, if it is a known one: another is text that the client chose.
fn method_name(method: &Method) -> &str {
    const KNOWN: [Method; 8] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ];
    if KNOWN.contains(method) {
        method.as_str()
    } else {
        "other"
    }
}
