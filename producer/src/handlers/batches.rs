mod defaults;
mod filter;
mod results;

pub(super) use results::{errors, results};

use super::page::PageRequest;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::body::too_large;
use crate::call::Call;
use crate::idempotency::{self, REPLAYED};
use crate::problem::{Problem, ProblemCode};
use crate::query::Query;
use crate::wire::{BatchAcceptedDocument, BatchDocument, BatchPage};
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use redrive_shared::batch::intake::{BatchRequest, Intake, Refused, Taken};
use redrive_shared::batch::splitter::Form;
use redrive_shared::batch::{self, CancelledBatch};
use redrive_shared::clock::Clock;
use redrive_shared::file::FILE_BYTES;
use redrive_shared::idempotency::IdempotencyKey;
use redrive_shared::ids::{BATCH_JOBS, BatchId, TenantId};
use redrive_shared::json::Fields;
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::request::Known;
use redrive_shared::store::BatchRecord;

/// `POST /api/v1/batches`: accepts many jobs as one.
///
/// 1. Headers and query are judged: 400, 415, 422; the defaults for all lines as well. 503 when what
///    is said of the providers has mistakes.
/// 2. The body is read while it arrives: cut into lines, each judged, and stored: 408, 413, 503.
/// 3. 422 when there is no line, or a line breaks a rule and none is to be passed over. What was
///    stored is deleted again.
/// 4. The batch is stored, and its first step sent: 503. With `Idempotency-Key`, an earlier request
///    may have made it; 422 when that one asked for something else.
/// 5. 202 with the batch's id and where to read it. It depends on the database alone.
pub(super) async fn submit<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let key = idempotency::key(&call.parts.headers)?;
    let form = form(&call.parts.headers)?;
    let principal = call.principal()?.clone();
    let known = Known {
        configuration: app.configuration()?,
        default_providers: &principal.default_providers,
    };
    let asked = defaults::read(&call.parts, &known)?;
    let request = BatchRequest {
        form,
        skips_invalid: asked.skips_invalid,
        name: asked.name,
        defaults: asked.defaults,
    };
    let taken = take(app, call, known, &principal.tenant_id, &request, key).await?;
    accepted(call, taken)
}

async fn take<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
    known: Known<'_>,
    tenant: &TenantId,
    request: &BatchRequest,
    key: Option<IdempotencyKey>,
) -> Result<Taken, Problem> {
    let mut incoming = call.incoming()?;
    let mut intake = Intake::begin(&app.ports, known, tenant, request).await?;
    loop {
        let pushed = match incoming.next(app.ports.clock()).await {
            Ok(Some(piece)) => intake.push(&piece).await.map_err(refused),
            Ok(None) => break,
            Err(problem) => Err(problem),
        };
        if let Err(problem) = pushed {
            intake.discard().await;
            return Err(problem);
        }
    }
    intake.finish(key).await.map_err(refused)
}

/// How the body is cut, by its content type.
fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next().and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    let essence = essence.map(|essence| essence.trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some("application/x-ndjson" | "application/jsonl" | "application/ndjson")
            if values.next().is_none() =>
        {
            Ok(Form::Lines)
        }
        Some("application/json") if values.next().is_none() => Ok(Form::Array),
        Some(_) | None => {
            let detail = "The body must be one request a line, sent with `Content-Type: \
                          application/x-ndjson`, or a JSON array, sent with `application/json`.";
            Err(Problem::new(ProblemCode::UnsupportedMediaType, detail))
        }
    }
}

fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::NotAnArray(error) => Problem::not_an_array(&error.to_string()),
        Refused::Empty => {
            let detail = "The batch has no line: send at least one request.";
            Problem::new(ProblemCode::EmptyBatch, detail)
        }
        Refused::TooManyLines => {
            let detail = format!("A batch has at most {BATCH_JOBS} lines: send several batches.");
            Problem::new(ProblemCode::TooManyLines, detail)
        }
        Refused::TooLarge => too_large(FILE_BYTES),
        Refused::Invalid(count, lines) => Problem::invalid_lines(count, lines),
        Refused::KeyReused => Problem::idempotency_key_reused(),
        Refused::Database(error) => error.into(),
    }
}

fn url_of(call: &Call, batch: &BatchId) -> String {
    call.url_of(&format!("/api/v1/batches/{batch}"))
}

fn accepted(call: &mut Call, taken: Taken) -> Result<Answer, Problem> {
    let status_url = url_of(call, &taken.id);
    let document = BatchAcceptedDocument {
        success: true,
        batch_id: taken.id.to_string(),
        status: "in_progress",
        status_url: status_url.clone(),
        lines: taken.lines,
        invalid_lines: taken.invalid_lines,
        errors: taken.errors,
    };
    call.noted.batch = Some(taken.id);
    let answer = Answer::json(StatusCode::ACCEPTED, &document)?
        .with(LOCATION, &status_url)
        .with(RETRY_AFTER, "1");
    Ok(if taken.is_repeated {
        answer.with(REPLAYED, "true")
    } else {
        answer
    })
}

/// `GET /api/v1/batches/{id}`: gives one batch as it stands now.
///
/// 1. An id that is unknown, foreign or malformed: 404.
/// 2. The batch is read, and its dead letters counted if it has any: 503.
/// 3. 200 with the document, and `Retry-After` while it may still change.
pub(super) async fn read<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let batch = find(app, call, &tenant).await?;
    answer(app, call, &tenant, &batch).await
}

async fn find<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
    tenant: &TenantId,
) -> Result<BatchRecord, Problem> {
    let id = call.path_batch()?;
    let store = app.ports.store();
    let found = repeat(app.ports.clock(), || store.find_batch(tenant, &id)).await?;
    found.ok_or_else(Problem::no_such_batch)
}

async fn answer<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &Call,
    tenant: &TenantId,
    batch: &BatchRecord,
) -> Result<Answer, Problem> {
    let store = app.ports.store();
    let letters = if batch.counts.dead_lettered > 0 {
        let count = || store.dead_letters_of_batch(tenant, &batch.id);
        repeat(app.ports.clock(), count).await?
    } else {
        Vec::new()
    };
    let now = app.ports.clock().now();
    let document = BatchDocument::of(batch, &letters, &url_of(call, &batch.id), now);
    let answer = Answer::json(StatusCode::OK, &document)?;
    Ok(if batch.status.is_terminal() {
        answer
    } else {
        answer.with(RETRY_AFTER, "1")
    })
}

/// `GET /api/v1/batches`: gives a page of the tenant's batches, newest first.
///
/// 1. Parameters that are unknown, repeated or wrong: 422, and so is a cursor of another list.
/// 2. One batch more than asked for is read, to know whether there is a next page: 503.
/// 3. 200 with the page.
pub(super) async fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let page = PageRequest::read(&Query::of(&call.parts.uri)?, &tenant)?;
    let store = app.ports.store();
    let after = page.after.as_ref();
    let read = || store.batches(&tenant, &page.filter, after, page.limit + 1);
    let records = repeat(app.ports.clock(), read).await?;
    let (records, next_cursor) = page.cut(records, &tenant, |record| record.id.clone());
    let now = app.ports.clock().now();
    let document = |record: &BatchRecord| {
        let url = url_of(call, &record.id);
        BatchDocument::of(record, &[], &url, now)
    };
    let data = records.iter().map(document).collect();
    Answer::json(StatusCode::OK, &BatchPage { data, next_cursor })
}

/// `POST /api/v1/batches/{id}/cancel`: stops a batch that has not ended.
///
/// 1. The body must be empty or `{}`: 400, 422.
/// 2. An id that is unknown, foreign or malformed: 404.
/// 3. No more lines become jobs, and those that wait are not run: 503 when the database does not
///    answer, 409 when the batch has ended. Jobs that run go on to their end.
/// 4. 202 with the document; for a batch that is cancelled already as well.
pub(super) async fn cancel<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    Fields::of(&call.json_or_nothing()?)
        .finish(|| Some(()))
        .map_err(Problem::invalid)?;
    let tenant = call.tenant()?;
    let id = call.path_batch()?;
    match batch::cancel(&app.ports, &tenant, &id, call.actor()).await? {
        CancelledBatch::Done(batch) => {
            let mut answer = answer(app, call, &tenant, &batch).await?;
            answer.status = StatusCode::ACCEPTED;
            Ok(answer)
        }
        CancelledBatch::NotPossible(status) => Err(Problem::batch_ended(status)),
        CancelledBatch::Unknown => Err(Problem::no_such_batch()),
    }
}
