mod filter;

use super::page::PageRequest;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::idempotency::{self, REPLAYED};
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::{
    ReplayAcceptedDocument, ReplayPage, ReplayPreviewDocument, ReplayTaskDocument, ReplayedJobPage,
};
use filter::{ReplayedJobs, Replays};
use http::StatusCode;
use http::header::{LOCATION, RETRY_AFTER};
use redrive_shared::clock::Clock;
use redrive_shared::configuration::Configuration;
use redrive_shared::idempotency::Idempotency;
use redrive_shared::ids::ReplayId;
use redrive_shared::json::Fields;
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::replays::request::ReplaysRequest;
use redrive_shared::replays::{self, Begun, Controlled, Wish};
use redrive_shared::request::Known;
use redrive_shared::store::ReplayRow;

/// `POST /api/v1/replays`: puts many dead letters back, at a pace.
///
/// 1. Headers, query and body are judged: 400, 422; whom it names as well. 503 when what is said of
///    the providers has mistakes.
/// 2. With `dryRun`, 200 with what would be done: 503 when the database does not answer.
/// 3. The replay is stored, with an entry in the audit log, and its first step sent: 503; 409 when
///    another of the tenant's has not ended, 422 when no letter matches. With `Idempotency-Key`, an
///    earlier request may have begun it; 422 when that one asked for something else.
/// 4. 202 with the replay's id and where to read it.
pub(super) async fn begin<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let key = idempotency::key(&call.parts.headers)?;
    Query::refuse(&call.parts.uri)?;
    let body = call.json()?;
    let request = ReplaysRequest::read(&body).map_err(Problem::invalid)?;
    let (tenant, actor) = (call.tenant()?, call.key()?);
    let nobody = Configuration::default();
    let known = Known {
        configuration: if request.overrides.whom.is_nobody() {
            &nobody
        } else {
            app.configuration()?
        },
        default_providers: &call.principal()?.default_providers,
    };
    replays::check(&request.overrides, &known).map_err(Problem::invalid)?;
    if request.is_dry_run {
        let preview = replays::preview(&app.ports, &tenant, &request).await?;
        return Answer::json(StatusCode::OK, &ReplayPreviewDocument::from(preview));
    }
    let idempotency = key.map(|key| Idempotency::of_body(key, &body));
    match replays::begin(&app.ports, &tenant, &actor, request, idempotency.as_ref()).await? {
        Begun::New(replay, matched) => accepted(call, replay, matched, false),
        Begun::Repeated(replay, matched) => accepted(call, replay, matched, true),
        Begun::KeyReused => Err(Problem::idempotency_key_reused()),
        Begun::Running(replay) => Err(Problem::replay_running(replay)),
        Begun::NothingMatches => Err(Problem::nothing_matches()),
    }
}

fn accepted(
    call: &mut Call,
    replay: ReplayId,
    matched: u64,
    is_repeated: bool,
) -> Result<Answer, Problem> {
    let status_url = call.url_of(&format!("/api/v1/replays/{replay}"));
    let document = ReplayAcceptedDocument {
        success: true,
        replay_id: replay.to_string(),
        status: "running",
        status_url: status_url.clone(),
        matched,
    };
    call.noted.replay = Some(replay);
    let answer = Answer::json(StatusCode::ACCEPTED, &document)?
        .with(LOCATION, &status_url)
        .with(RETRY_AFTER, "1");
    Ok(if is_repeated {
        answer.with(REPLAYED, "true")
    } else {
        answer
    })
}

/// `GET /api/v1/replays`: gives a page of the tenant's replays, newest first.
///
/// 1. Parameters that are unknown, repeated or wrong: 422, and so is a cursor of another list.
/// 2. One replay more than asked for is read, and what became of their letters: 503 when the
///    database does not answer.
/// 3. 200 with the page.
pub(super) async fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let page = PageRequest::<Replays>::read(&Query::of(&call.parts.uri)?, &tenant)?;
    let (store, after) = (app.ports.store(), page.after.as_ref());
    let rows = repeat(app.ports.clock(), || {
        store.list_replays(&tenant, after, page.limit + 1)
    })
    .await?;
    let (rows, next_cursor) = page.cut(rows, &tenant, |row| row.id.clone());
    let data = documents(app, rows).await?;
    Answer::json(StatusCode::OK, &ReplayPage { data, next_cursor })
}

/// `GET /api/v1/replays/{id}`: gives one replay.
///
/// 1. An id that is unknown, foreign or malformed: 404.
/// 2. The replay is read, and what became of its letters: 503 when the database does not answer.
/// 3. 200 with the document, and `Retry-After` while it runs.
pub(super) async fn read<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let replay = call.path_replay()?;
    let store = app.ports.store();
    let row = repeat(app.ports.clock(), || store.find_replays(&tenant, &replay))
        .await?
        .ok_or_else(Problem::no_such_replay)?;
    answer(app, row).await
}

/// `GET /api/v1/replays/{id}/jobs`: gives a page of the letters that a replay put back.
///
/// 1. An id that is unknown, foreign or malformed: 404. Parameters that are unknown, repeated or
///    wrong: 422, and so is a cursor of another list.
/// 2. The replay, and one letter more than asked for, are read: 503 when the database does not answer.
/// 3. 200 with the page.
pub(super) async fn jobs<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let replay = call.path_replay()?;
    let query = Query::of(&call.parts.uri)?;
    let page = PageRequest::<ReplayedJobs>::read_at(replay.as_str(), &query, &tenant)?;
    let (clock, store) = (app.ports.clock(), app.ports.store());
    if repeat(clock, || store.find_replays(&tenant, &replay))
        .await?
        .is_none()
    {
        return Err(Problem::no_such_replay());
    }
    let after = page.after.as_ref();
    let items = repeat(clock, || {
        store.replay_items(&tenant, &replay, after, page.limit + 1)
    })
    .await?;
    let (items, next_cursor) = page.cut(items, &tenant, |item| item.id.clone());
    let data = items.into_iter().map(Into::into).collect();
    Answer::json(StatusCode::OK, &ReplayedJobPage { data, next_cursor })
}

/// `POST /api/v1/replays/{id}/pause`, `…/resume` and `…/abort`: moves a replay.
///
/// 1. The body must be empty or `{}`: 400, 422. Once is as good as twice, so that `Idempotency-Key`
///    has nothing to add and is not looked at.
/// 2. An id that is unknown, foreign or malformed: 404.
/// 3. The replay is moved, with an entry in the audit log: 503 when the database does not answer,
///    409 when it has ended before.
/// 4. 200 with the replay as it is now.
pub(super) async fn control<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
    wish: Wish,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    Fields::of(&call.json_or_nothing()?)
        .finish(|| Some(()))
        .map_err(Problem::invalid)?;
    let (tenant, actor) = (call.tenant()?, call.key()?);
    let replay = call.path_replay()?;
    match replays::control(&app.ports, &tenant, &actor, &replay, wish).await? {
        Controlled::Done(row) => answer(app, *row).await,
        Controlled::Ended(row) => Err(Problem::replay_ended(row.status)),
        Controlled::Unknown => Err(Problem::no_such_replay()),
    }
}

/// 200 with one replay.
async fn answer<P: Ports, R: Readiness>(
    app: &App<P, R>,
    row: ReplayRow,
) -> Result<Answer, Problem> {
    let is_ended = row.status.is_ended();
    let document = documents(app, vec![row]).await?.pop();
    let answer = Answer::json(StatusCode::OK, &document)?;
    Ok(if is_ended {
        answer
    } else {
        answer.with(RETRY_AFTER, "1")
    })
}

async fn documents<P: Ports, R: Readiness>(
    app: &App<P, R>,
    rows: Vec<ReplayRow>,
) -> Result<Vec<ReplayTaskDocument>, Problem> {
    let (clock, store) = (app.ports.clock(), app.ports.store());
    let outcomes = repeat(clock, || store.replay_outcomes(&rows)).await?;
    let now = clock.now();
    let documents = rows.into_iter().zip(outcomes);
    let document = |(row, (outcomes, sample))| ReplayTaskDocument::of(row, &outcomes, sample, now);
    Ok(documents.map(document).collect())
}
