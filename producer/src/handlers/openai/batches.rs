use super::{expiry, limit_of};
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::handlers::page::{DEFAULT_LIMIT, cut};
use crate::idempotency::{self, REPLAYED};
use crate::problem::{Problem, Violation};
use crate::query::Query;
use http::StatusCode;
use redrive_shared::batch::compatible::{FileBatch, SubmittedBatch, submit as submit_batch};
use redrive_shared::batch::{self, CancelledBatch};
use redrive_shared::idempotency::Idempotency;
use redrive_shared::ids::{BatchId, TenantId};
use redrive_shared::json::rules::{checked, choice, entries, nullable, object, text};
use redrive_shared::json::{FieldError, Fields};
use redrive_shared::openai::{BatchObject, COMPLETION_WINDOW, Endpoint, List};
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::store::{BatchFilter, BatchRecord, BatchStatus, PAGE_LIMIT};
use serde_json::Value;
use std::ops::RangeInclusive;

/// The most labels, the longest key and the length of a value of `metadata`.
const METADATA_KEYS: usize = 16;
const METADATA_KEY_BYTES: usize = 64;
const METADATA_VALUE_BYTES: RangeInclusive<usize> = 0..=512;

const NO_FILE: &str = "must be the id of a file that was uploaded with the purpose `batch`";

/// `POST /v1/batches`: accepts the lines of a file as a batch.
///
/// 1. The body is judged: 400.
/// 2. The batch is stored, and its first step sent: 400 when there is no such file, 503. With
///    `Idempotency-Key`, an earlier request may have made it; 400 when that one asked for something
///    else. A key that is none is passed over: the vendor does not look at it either.
/// 3. 200 with the batch. Its lines are judged by its first step.
pub(in crate::handlers) async fn submit<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let body = call.json()?;
    let request = request(&body).map_err(Problem::invalid)?;
    let Some(request) = request else {
        return Err(no_file());
    };
    let key = idempotency::key(&call.parts.headers).ok().flatten();
    let given = key.map(|key| Idempotency::of_body_for(key, "/v1/batches", &body));
    let submitted = submit_batch(&app.ports, &tenant, &request, given.as_ref()).await?;
    let (record, is_repeated) = match submitted {
        SubmittedBatch::New(record) => (record, false),
        SubmittedBatch::Repeated(record) => (record, true),
        SubmittedBatch::NoFile => return Err(no_file()),
        SubmittedBatch::KeyReused => return Err(Problem::idempotency_key_reused()),
    };
    call.noted.batch = Some(record.id.clone());
    let answer = shown(*record)?;
    Ok(if is_repeated {
        answer.with(REPLAYED, "true")
    } else {
        answer
    })
}

fn no_file() -> Problem {
    Problem::invalid([Violation::from(FieldError {
        pointer: "/input_file_id".to_owned(),
        detail: NO_FILE.to_owned(),
    })])
}

/// Reads the body; `None`: what is to be the file's id is none.
fn request(body: &Value) -> Result<Option<FileBatch>, Vec<FieldError>> {
    let endpoints = Endpoint::ALL.map(|endpoint| (endpoint.as_str(), endpoint));
    let windows = [(COMPLETION_WINDOW, ())];
    let value = |item| text(METADATA_VALUE_BYTES)(item).map(str::to_owned);
    let labels = entries(METADATA_KEYS, METADATA_KEY_BYTES, value);
    let mut fields = Fields::of(body);
    let file = fields.required("input_file_id", text(1..=64));
    let endpoint = fields.required("endpoint", choice(&endpoints));
    fields.required("completion_window", choice(&windows));
    let metadata = fields.optional("metadata", nullable(labels)).flatten();
    let expiry = fields.optional("output_expires_after", nullable(object(expiry)));
    fields.finish(|| {
        let (file, endpoint) = (file?.parse().ok(), endpoint?);
        Some(file.map(|file| FileBatch {
            file,
            endpoint,
            metadata: metadata.unwrap_or_default(),
            output_seconds: expiry.flatten(),
        }))
    })
}

fn shown(record: BatchRecord) -> Result<Answer, Problem> {
    let batch = BatchObject::of(record).ok_or_else(Problem::no_such_batch)?;
    Answer::json(StatusCode::OK, &batch)
}

/// `GET /v1/batches`: gives a page of the tenant's batches of files, newest first.
///
/// 1. Parameters that are unknown, repeated or wrong: 400.
/// 2. One batch more than asked for is read, to know whether there is a next page: 503.
/// 3. 200 with the page.
pub(in crate::handlers) async fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let (after, limit) = Query::of(&call.parts.uri)?.read(|mut fields| {
        let after = fields.optional("after", checked(text(1..=64), str::parse::<BatchId>));
        let limit = fields.optional("limit", |item| limit_of(&item, 1..=PAGE_LIMIT));
        fields.finish(|| Some((after, limit.unwrap_or(DEFAULT_LIMIT))))
    })?;
    let filter = BatchFilter {
        compatible_only: true,
        ..BatchFilter::default()
    };
    let store = app.ports.store();
    let read = || store.batches(&tenant, &filter, after.as_ref(), limit + 1);
    let records = repeat(app.ports.clock(), read).await?;
    let (records, last) = cut(records, limit, |record| record.id.clone());
    let batches = records.into_iter().filter_map(BatchObject::of).collect();
    let page = List::new(
        batches,
        |batch: &BatchObject| batch.id.clone(),
        last.is_some(),
    );
    Answer::json(StatusCode::OK, &page)
}

/// `GET /v1/batches/{id}`: gives one batch of a file as it stands now.
///
/// 1. An id that is unknown, foreign or malformed, or that of a batch of our own shape: 404.
/// 2. 200 with the batch: 503 when the database does not answer.
pub(in crate::handlers) async fn read<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let batch = call.path_batch()?;
    shown(find(app, &tenant, &batch).await?)
}

async fn find<P: Ports, R: Readiness>(
    app: &App<P, R>,
    tenant: &TenantId,
    batch: &BatchId,
) -> Result<BatchRecord, Problem> {
    let store = app.ports.store();
    let found = repeat(app.ports.clock(), || store.find_batch(tenant, batch)).await?;
    found
        .filter(|record| record.endpoint.is_some())
        .ok_or_else(Problem::no_such_batch)
}

/// `POST /v1/batches/{id}/cancel`: stops a batch that has not ended.
///
/// 1. An id that is unknown, foreign or malformed, or that of a batch of our own shape: 404. What is
///    sent as a body is not looked at.
/// 2. No more lines become jobs, and those that wait are not run: 503; 409 when it has ended.
/// 3. 200 with the batch; for one that is being cancelled already as well.
pub(in crate::handlers) async fn cancel<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let id = call.path_batch()?;
    let found = find(app, &tenant, &id).await?;
    if found.status == BatchStatus::Cancelled {
        return Err(Problem::batch_ended(found.status));
    }
    match batch::cancel(&app.ports, &tenant, &id, call.actor()).await? {
        CancelledBatch::Done(batch) => shown(*batch),
        CancelledBatch::NotPossible(status) => Err(Problem::batch_ended(status)),
        CancelledBatch::Unknown => Err(Problem::no_such_batch()),
    }
}
