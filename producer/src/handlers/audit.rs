use super::page::{ListFilter, PageRequest};
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::AuditPage;
use http::StatusCode;
use redrive_shared::audit::Action;
use redrive_shared::ids::AuditId;
use redrive_shared::json::Fields;
use redrive_shared::json::rules::{choice, label, time};
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::store::AuditFilter;
use std::ops::RangeInclusive;

/// Length of `actor` and `subject`.
const NAME_BYTES: RangeInclusive<usize> = 1..=64;

impl ListFilter for AuditFilter {
    type Entry = AuditId;

    fn read(fields: &mut Fields<'_>) -> Self {
        let actions = Action::ALL.map(|action| (action.as_str(), action));
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            action: fields.optional("action", choice(&actions)),
            actor: owned(fields.optional("actor", label(NAME_BYTES))),
            subject: owned(fields.optional("subject", label(NAME_BYTES))),
            from: fields.optional("after", time()),
            before: fields.optional("before", time()),
        }
    }

    fn fingerprint(&self) -> String {
        serde_json::json!([
            "audit",
            self.action,
            self.actor,
            self.subject,
            self.from,
            self.before,
        ])
        .to_string()
    }
}

/// `GET /api/v1/audit`: gives a page of the tenant's audit log, newest first.
///
/// 1. Parameters that are unknown, repeated or wrong: 422, and so is a cursor of another list.
/// 2. One entry more than asked for is read, to know whether there is a next page: 503 when the
///    database does not answer.
/// 3. 200 with the page.
pub(super) async fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let page = PageRequest::<AuditFilter>::read(&Query::of(&call.parts.uri)?, &tenant)?;
    let (store, after) = (app.ports.store(), page.after.as_ref());
    let records = repeat(app.ports.clock(), || {
        store.audit(&tenant, &page.filter, after, page.limit + 1)
    })
    .await?;
    let (records, next_cursor) = page.cut(records, &tenant, |record| record.id.clone());
    let data = records.into_iter().map(Into::into).collect();
    Answer::json(StatusCode::OK, &AuditPage { data, next_cursor })
}
