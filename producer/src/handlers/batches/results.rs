use super::find;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::ResultLine;
use axum::body::{Body, Bytes};
use futures_util::stream;
use redrive_shared::batch::results::{After, OneResult, Results, Unsuccessful};
use redrive_shared::cursor::Cursor;
use redrive_shared::database::DatabaseError;
use redrive_shared::ids::{BATCH_JOBS, BatchId, JobId, TenantId};
use redrive_shared::json::rules::{checked, choice, text};
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use std::sync::Arc;

const LINES: &str = "application/x-ndjson";

/// In what order results are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Line,
    Completion,
}

/// `GET /api/v1/batches/{id}/results`: gives what came of the lines, as far as it is.
///
/// 1. Parameters that are unknown, repeated or wrong: 422, and so is a cursor of another list.
/// 2. An id that is unknown, foreign or malformed: 404.
/// 3. The first results are read: 503 when the database does not answer.
/// 4. 200, one result a line, read while it is sent: an answer of any length, which ends too early,
///    with an error of the connection, when the database fails.
pub(in crate::handlers) async fn results<P: Ports + 'static, R: Readiness + 'static>(
    app: &Arc<App<P, R>>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let query = Query::of(&call.parts.uri)?;
    let (order, limit, cursor) = query.read(|mut fields| {
        let orders = [("line", Order::Line), ("completion", Order::Completion)];
        let order = fields.optional("order", choice(&orders));
        let limit = fields.optional("limit", checked(text(1..=16), limit_of));
        let cursor = fields.optional("cursor", text(1..=128)).map(str::to_owned);
        fields.finish(|| Some((order.unwrap_or(Order::Line), limit, cursor)))
    })?;
    let batch = find(app, call, &tenant).await?;
    let spelled = fingerprint(&batch.id, order);
    let last = cursor
        .map(|cursor| Cursor::decode(&cursor, &tenant, &spelled))
        .transpose()
        .map_err(|error| Problem::invalid_parameter("cursor", &error.to_string()))?
        .map(Cursor::<JobId>::into_last);
    let after = match order {
        Order::Line => After::Line(last),
        Order::Completion => After::Completion(last.as_ref().map_or(0, sequence_of)),
    };
    let limit = limit.unwrap_or(u32::MAX);
    let mut results = Results::new(tenant.clone(), batch, after, limit);
    let first = results.next(&app.ports).await?;
    let pages = Pages {
        app: Arc::clone(app),
        tenant,
        list: spelled,
        results,
        ready: Some(first),
    };
    let body = Body::from_stream(stream::try_unfold(pages, Pages::next));
    Ok(Answer::stream(LINES, body))
}

/// Spells out a list of results, for its cursors.
fn fingerprint(batch: &BatchId, order: Order) -> String {
    format!("results {batch} {order:?}")
}

/// A cursor names a job; where it stands for a number, the number is in the place of the job's
/// instant.
fn with_sequence(sequence: u32) -> String {
    format!("{}{sequence:012x}70008000000000000000", JobId::PREFIX)
}

fn sequence_of(job: &JobId) -> u32 {
    let digits = job.as_str().strip_prefix(JobId::PREFIX).unwrap_or_default();
    let digits = digits.get(..12).unwrap_or_default();
    u32::from_str_radix(digits, 16).unwrap_or_default()
}

fn limit_of(digits: &str) -> Result<u32, String> {
    let limit = digits.parse().ok();
    limit
        .filter(|limit| (1..=BATCH_JOBS).contains(limit))
        .ok_or_else(|| format!("must be a whole number from 1 to {BATCH_JOBS}"))
}

/// The results that are still to be sent.
struct Pages<P, R> {
    app: Arc<App<P, R>>,
    tenant: TenantId,
    list: String,
    results: Results,
    /// Read already.
    ready: Option<Vec<OneResult>>,
}

impl<P: Ports, R: Readiness> Pages<P, R> {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, DatabaseError> {
        let page = match self.ready.take() {
            Some(page) => page,
            None => self.results.next(&self.app.ports).await?,
        };
        if page.is_empty() {
            return Ok(None);
        }
        let mut text = String::new();
        for one in page {
            let cursor = match &one.after {
                After::Line(job) => job.clone(),
                After::Completion(sequence) => with_sequence(*sequence).parse().ok(),
            };
            let cursor = cursor.map(|job| Cursor::after(job).encode(&self.tenant, &self.list));
            let line = ResultLine::of(one.job, cursor.unwrap_or_default());
            let line = serde_json::to_string(&line);
            text.push_str(&line.map_err(|error| DatabaseError::Corrupt(error.to_string()))?);
            text.push('\n');
        }
        self.results.took(text.len());
        Ok(Some((text.into(), self)))
    }
}

/// `GET /api/v1/batches/{id}/errors`: gives the lines that failed, died or were cancelled, as they
/// were uploaded, each with why. The file can be submitted again as it is.
///
/// 1. An id that is unknown, foreign or malformed: 404; 409 when the lines were deleted.
/// 2. The first lines are read: 503 when the database does not answer.
/// 3. 200, read while it is sent, like the results.
pub(in crate::handlers) async fn errors<P: Ports + 'static, R: Readiness + 'static>(
    app: &Arc<App<P, R>>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let tenant = call.tenant()?;
    let batch = find(app, call, &tenant).await?;
    let (store, file) = (app.ports.store(), &batch.file_id);
    if repeat(app.ports.clock(), || store.file(&tenant, file))
        .await?
        .is_none()
    {
        return Err(Problem::lines_deleted());
    }
    let mut lines = Unsuccessful::new(tenant, batch);
    let first = lines.next(&app.ports).await?;
    let state = (Arc::clone(app), lines, Some(first));
    let body = stream::try_unfold(state, |(app, mut lines, ready)| async move {
        let text = match ready {
            Some(text) => text,
            None => lines.next(&app.ports).await?,
        };
        let page = (!text.is_empty()).then(|| (Bytes::from(text), (app, lines, None)));
        Ok::<_, DatabaseError>(page)
    });
    Ok(Answer::stream(LINES, Body::from_stream(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_carried_by_a_cursor() {
        for sequence in [0, 1, 65_536, u32::MAX] {
            let job: JobId = with_sequence(sequence).parse().expect("an id");
            assert_eq!(sequence_of(&job), sequence);
        }
    }
}
