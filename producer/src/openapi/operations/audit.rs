use super::{Described, one_of, query, text};
use crate::openapi::content;
use redrive_shared::audit::Action;
use utoipa::openapi::{KnownFormat, SchemaFormat};

pub(super) fn list() -> Described {
    let actions = Action::ALL.map(Action::as_str);
    let time = || text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    Described::new(
        "listAudit",
        "audit",
        "Who did what?",
        "Gives the tenant's audit log, newest first, page by page: every replay, purge and cancellation, \
         and what was done to its keys and to the tenant itself. An entry is written in the transaction \
         that does what it tells, and never changes or goes.",
    )
    .parameter(query("action", "Only this action."), one_of(&actions))
    .parameter(
        query("actor", "Only what this one did: the id of a key, `operator` or `system`."),
        text(),
    )
    .parameter(query("subject", "Only what was done to this: an id."), text())
    .parameter(query("after", "Only what was done at this time or later."), time())
    .parameter(query("before", "Only what was done before this time."), time())
    .limit()
    .cursor()
    .answers(200, "A page of entries.", Some(content("AuditPage")))
}
