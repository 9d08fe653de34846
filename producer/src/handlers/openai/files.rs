mod form;

use super::limit_of;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::{Problem, ProblemCode};
use crate::query::Query;
use axum::body::{Body, Bytes};
use futures_util::stream;
use http::StatusCode;
use redrive_shared::database::DatabaseError;
use redrive_shared::file;
use redrive_shared::ids::{FileId, TenantId};
use redrive_shared::json::rules::{checked, choice, text};
use redrive_shared::openai::{DeletedFile, FileObject, List};
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::store::{FileFilter, FileRecord, Purpose};
use std::sync::Arc;

/// The most files that a client may ask for at once, which is what it gets when it does not say.
const MOST: u32 = 10_000;
/// The most files of a page: the next one is asked for as after any other.
const PAGE: u32 = 1_000;

/// What a file may be listed by.
#[derive(Clone, Copy)]
enum Wanted {
    Of(Purpose),
    /// Of a purpose that no file here has.
    Nothing,
}

/// `POST /v1/files`: takes a file of lines.
///
/// 1. The form is read while it arrives, whatever the order of its parts, and the file stored: 400,
///    408, 413, 415, 503.
/// 2. 400 when a part is missing or wrong. What was stored is deleted again.
/// 3. 200 with the file. `Idempotency-Key` has nothing to add: a file that is sent twice is there
///    twice, and does nothing by itself.
pub(in crate::handlers) async fn upload<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let incoming = call.incoming()?;
    let file = form::take(&app.ports, &call.parts.headers, incoming, &tenant).await?;
    Answer::json(StatusCode::OK, &FileObject::from(file))
}

/// `GET /v1/files`: gives a page of the tenant's files, newest first unless told otherwise.
///
/// 1. Parameters that are unknown, repeated or wrong: 400.
/// 2. One file more than asked for is read, to know whether there is a next page: 503.
/// 3. 200 with the page.
pub(in crate::handlers) async fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let query = Query::of(&call.parts.uri)?;
    let (wanted, filter, limit) = query.read(|mut fields| {
        let purpose = fields.optional("purpose", text(0..=64)).map(wanted);
        let orders = [("asc", true), ("desc", false)];
        let oldest_first = fields.optional("order", choice(&orders));
        let after = fields.optional("after", checked(text(1..=64), str::parse::<FileId>));
        let limit = fields.optional("limit", |item| limit_of(&item, 1..=MOST));
        let filter = FileFilter {
            purpose: match purpose {
                Some(Wanted::Of(purpose)) => Some(purpose),
                Some(Wanted::Nothing) | None => None,
            },
            oldest_first: oldest_first.unwrap_or(false),
            after,
        };
        fields.finish(|| Some((purpose, filter, limit.unwrap_or(MOST).min(PAGE))))
    })?;
    let files = if matches!(wanted, Some(Wanted::Nothing)) {
        Vec::new()
    } else {
        let store = app.ports.store();
        let read = || store.files(&tenant, &filter, limit + 1);
        repeat(app.ports.clock(), read).await?
    };
    page(files, limit)
}

fn wanted(purpose: &str) -> Wanted {
    let purposes = [Purpose::Batch, Purpose::BatchOutput];
    let found = purposes.into_iter().find(|one| one.as_str() == purpose);
    found.map_or(Wanted::Nothing, Wanted::Of)
}

fn page(files: Vec<FileRecord>, limit: u32) -> Result<Answer, Problem> {
    let (files, last) = crate::handlers::page::cut(files, limit, |file| file.id.clone());
    let files = files.into_iter().map(FileObject::from).collect();
    let page = List::new(files, |file: &FileObject| file.id.clone(), last.is_some());
    Answer::json(StatusCode::OK, &page)
}

/// `GET /v1/files/{id}`: gives what is known of a file.
///
/// 1. An id that is unknown, foreign or malformed: 404.
/// 2. 200 with the file: 503 when the database does not answer.
pub(in crate::handlers) async fn read<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let file = find(app, call, &tenant).await?;
    Answer::json(StatusCode::OK, &FileObject::from(file))
}

async fn find<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &Call,
    tenant: &TenantId,
) -> Result<FileRecord, Problem> {
    let id: FileId = call.path_id().parse().or(Err(Problem::no_such_file()))?;
    let store = app.ports.store();
    let found = repeat(app.ports.clock(), || store.file(tenant, &id)).await?;
    found
        .filter(FileRecord::is_shown)
        .ok_or_else(Problem::no_such_file)
}

/// `GET /v1/files/{id}/content`: gives a file as it was sent.
///
/// 1. An id that is unknown, foreign or malformed: 404.
/// 2. The first of it is read: 503 when the database does not answer.
/// 3. 200, read while it is sent: an answer of any length, which ends too early, with an error of the
///    connection, when the database fails.
pub(in crate::handlers) async fn content<P: Ports + 'static, R: Readiness + 'static>(
    app: &Arc<App<P, R>>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let id = find(app, call, &tenant).await?.id;
    let first = file::read(&app.ports, &tenant, &id, 0).await?;
    let state = (Arc::clone(app), tenant, id, 0, first);
    let body = stream::try_unfold(state, |(app, tenant, id, number, ready)| async move {
        let Some(text) = ready else {
            return Ok(None);
        };
        let following = number + 1;
        let next = file::read(&app.ports, &tenant, &id, following).await?;
        let state = (app, tenant, id, following, next);
        Ok::<_, DatabaseError>(Some((Bytes::from(text), state)))
    });
    let body = Body::from_stream(body);
    Ok(Answer::stream("application/octet-stream", body))
}

/// `DELETE /v1/files/{id}`: deletes a file.
///
/// 1. An id that is unknown, foreign or malformed: 404.
/// 2. 409 when a batch that has not ended has its lines in it.
/// 3. It is deleted: 503. Then 200.
pub(in crate::handlers) async fn delete<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let file = find(app, call, &tenant).await?;
    let store = app.ports.store();
    let asked = || store.batch_of_file(&tenant, &file.id);
    if let Some(batch) = repeat(app.ports.clock(), asked).await? {
        let detail = format!("The batch {batch} has its lines in this file, and has not ended.");
        return Err(Problem::new(ProblemCode::FileInUse, detail));
    }
    file::delete(&app.ports, &tenant, &file.id, file.chunks, None).await?;
    Answer::json(StatusCode::OK, &DeletedFile::new(file.id.as_str()))
}
