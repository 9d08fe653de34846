mod filter;
mod purge;

pub(super) use purge::purge;

use super::accepted::accepted;
use super::page::{ListFilter, PageRequest};
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::{DeadLetterGroupList, DeadLetterPage};
use http::StatusCode;
use redrive_shared::configuration::Configuration;
use redrive_shared::dead_letter::filter::DeadLetterFilter;
use redrive_shared::document::{DeadLetterDocument, DeadLetterSummary};
use redrive_shared::idempotency::Idempotency;
use redrive_shared::ids::JobId;
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::replay::{self, ReplayRequest, Replayed};
use redrive_shared::request::Known;

/// `GET /api/v1/dead-letters`: gives a page of the tenant's dead letters, newest first, without
/// their history.
///
/// 1. Parameters that are unknown, repeated or wrong: 422, and so is a cursor of another list.
/// 2. One letter more than asked for is read, to know whether there is a next page: 503 when the
///    database does not answer.
/// 3. 200 with the page.
pub(super) async fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let page = PageRequest::<DeadLetterFilter>::read(&Query::of(&call.parts.uri)?, &tenant)?;
    let (store, after) = (app.ports.store(), page.after.as_ref());
    let records = repeat(app.ports.clock(), || {
        store.dead_letters(&tenant, &page.filter, after, page.limit + 1)
    })
    .await?;
    let (records, next_cursor) = page.cut(records, &tenant, |record| record.job.id.clone());
    let data = records.into_iter().map(DeadLetterSummary::from).collect();
    Answer::json(StatusCode::OK, &DeadLetterPage { data, next_cursor })
}

/// `GET /api/v1/dead-letters/groups`: gives the tenant's dead letters by their causes.
///
/// 1. Parameters that are unknown, repeated or wrong: 422.
/// 2. The letters are counted: 503 when the database does not answer.
/// 3. 200 with the groups, those of the most letters first.
pub(super) async fn groups<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let filter = Query::of(&call.parts.uri)?.read(|mut fields| {
        let filter = <DeadLetterFilter as ListFilter>::read(&mut fields);
        fields.finish(|| Some(filter))
    })?;
    let store = app.ports.store();
    let groups = repeat(app.ports.clock(), || {
        store.dead_letter_groups(&tenant, &filter)
    })
    .await?;
    Answer::json(StatusCode::OK, &DeadLetterGroupList::from(groups))
}

/// `GET /api/v1/dead-letters/{id}`: gives one dead letter with its history.
///
/// 1. An id that is unknown, foreign or malformed, or that of a job that is not dead: 404.
/// 2. The letter is read: 503 when the database does not answer.
/// 3. 200 with the document.
pub(super) async fn read<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let job = path_job(call)?;
    let record = repeat(app.ports.clock(), || {
        app.ports.store().dead_letter(&tenant, &job)
    })
    .await?
    .ok_or_else(Problem::no_such_dead_letter)?;
    Answer::json(StatusCode::OK, &DeadLetterDocument::from(record))
}

/// `POST /api/v1/dead-letters/{id}/replay`: puts a dead letter back with a fresh budget.
///
/// 1. Headers, query and body are judged: 400, 422. The body may be empty.
/// 2. An id that is malformed: 404.
/// 3. Whom it is to ask from now on is settled, when the body names somebody: 422. 503 when what is
///    said of the providers has mistakes.
/// 4. The job is put back, with an entry in the audit log, and its message is sent: 503 when the
///    database does not answer; 404 when the id is unknown or foreign; 409 when the job is not
///    dead, or its request is gone. With `Idempotency-Key`, an earlier request may have done it:
///    then nothing is changed or sent; 422 when that one asked for something else.
/// 5. 202, as to a submit.
pub(super) async fn replay<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let key = idempotency::key(&call.parts.headers)?;
    Query::refuse(&call.parts.uri)?;
    let body = call.json_or_nothing()?;
    let request = ReplayRequest::read(&body).map_err(Problem::invalid)?;
    let tenant = call.tenant()?;
    let actor = call.key()?;
    let job = path_job(call)?;
    let idempotency = key.map(|key| Idempotency::of_body_for(key, job.as_str(), &body));
    let nobody = Configuration::default();
    let known = Known {
        configuration: if request.overrides.whom.is_nobody() {
            &nobody
        } else {
            app.configuration()?
        },
        default_providers: &call.principal()?.default_providers,
    };
    let ports = &app.ports;
    match replay::replay(ports, &known, &tenant, &job, &actor, request, idempotency).await? {
        Replayed::Done => accepted(call, job, false),
        Replayed::Repeated => accepted(call, job, true),
        Replayed::KeyReused => Err(Problem::idempotency_key_reused()),
        Replayed::NotDead(state) => Err(Problem::not_dead_lettered(state)),
        Replayed::PayloadDeleted => Err(Problem::payload_deleted()),
        Replayed::Unknown => Err(Problem::no_such_dead_letter()),
        Replayed::Refused(errors) => Err(Problem::invalid(errors)),
    }
}

/// The job that the path names; 404 in the words of these routes when it names none.
fn path_job(call: &mut Call) -> Result<JobId, Problem> {
    call.path_job().or(Err(Problem::no_such_dead_letter()))
}
