mod filter;

use super::page::PageRequest;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::conditional::{entity_tag, is_known_to_client, preferred_wait};
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::JobPage;
use http::header::{CACHE_CONTROL, ETAG, HeaderName, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use redrive_shared::cancel::{self, Cancelled};
use redrive_shared::document::JobDocument;
use redrive_shared::json::Fields;
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::status;
use redrive_shared::store::JobFilter;
use std::time::Duration;

/// The client may keep the document, and asks each time whether it still holds.
const REVALIDATE: &str = "private, no-cache";

/// `GET /api/v1/jobs/{id}` and `GET /api/v1/generate/{id}/status`: gives one job.
///
/// 1. An id that is unknown, foreign or malformed: 404.
/// 2. The cache, then the database, is asked; with `Prefer: wait=N` until the job has ended or the
///    time is up: 503 when the database does not answer.
/// 3. 304 when the client has the document already, by `If-None-Match`.
/// 4. 200 with the document, and `Retry-After` while it may still change.
pub(super) async fn read<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let job = call.path_job()?;
    let wait = preferred_wait(&call.parts.headers);
    let standing = status::find(&app.ports, &tenant, &job, wait.unwrap_or(Duration::ZERO))
        .await?
        .ok_or_else(Problem::no_such_job)?;
    let mut answer = document(&call.parts.headers, standing.text);
    if let Some(seconds) = standing.poll_after_seconds {
        answer = answer.with(RETRY_AFTER, &seconds.to_string());
    }
    if let Some(wait) = wait {
        let applied = format!("wait={}", wait.as_secs());
        answer = answer.with(HeaderName::from_static("preference-applied"), &applied);
    }
    Ok(answer)
}

/// 200 with a job document, or 304 when the client has it already.
fn document(headers: &HeaderMap, text: String) -> Answer {
    let tag = entity_tag(&text);
    let answer = if is_known_to_client(headers, &tag) {
        Answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        Answer::text(StatusCode::OK, text)
    };
    answer.with(ETAG, &tag).with(CACHE_CONTROL, REVALIDATE)
}

/// `GET /api/v1/jobs`: gives a page of the tenant's jobs, newest first, without results.
///
/// 1. Parameters that are unknown, repeated or wrong: 422, and so is a cursor of another list.
/// 2. One job more than asked for is read, to know whether there is a next page: 503 when the
///    database does not answer.
/// 3. 200 with the page.
pub(super) async fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let page = PageRequest::<JobFilter>::read(&Query::of(&call.parts.uri)?, &tenant)?;
    let filter = JobFilter {
        after: page.after.clone(),
        ..page.filter.clone()
    };
    let records = repeat(app.ports.clock(), || {
        app.ports.store().jobs(&tenant, &filter, page.limit + 1)
    })
    .await?;
    let (records, next_cursor) = page.cut(records, &tenant, |record| record.id.clone());
    let data = records.into_iter().map(JobDocument::from).collect();
    Answer::json(StatusCode::OK, &JobPage { data, next_cursor })
}

/// `POST /api/v1/jobs/{id}/cancel`: stops a job that has not ended.
///
/// 1. The body must be empty or `{}`: 400, 422.
/// 2. An id that is unknown, foreign or malformed: 404.
/// 3. The job is cancelled: 503 when the database does not answer, 409 when the job ended before.
///    Once is as good as twice, so that `Idempotency-Key` has nothing to add and is not looked at.
/// 4. 200 with the document; for a job that was cancelled before as well.
pub(super) async fn cancel<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    Fields::of(&call.json_or_nothing()?)
        .finish(|| Some(()))
        .map_err(Problem::invalid)?;
    let tenant = call.tenant()?;
    let job = call.path_job()?;
    match cancel::cancel(&app.ports, &tenant, &job, call.actor()).await? {
        Cancelled::Done(document) => Answer::json(StatusCode::OK, &document),
        Cancelled::NotPossible(state) => Err(Problem::not_cancellable(state)),
        Cancelled::Unknown => Err(Problem::no_such_job()),
    }
}
