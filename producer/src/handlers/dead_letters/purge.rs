use super::super::page::ListFilter;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::{PurgeDocument, PurgedDocument};
use http::StatusCode;
use redrive_shared::dead_letter::filter::DeadLetterFilter;
use redrive_shared::dead_letter::purge::{self, PurgeRequest, Purged};
use redrive_shared::json::rules::{Ruling, checked, choice, label, text};
use redrive_shared::json::{FieldError, Fields, Item};
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::replay::NOTE_BYTES;
use redrive_shared::store::PURGED_LETTERS;

/// What the query asks for.
enum Asked {
    /// To delete.
    Purge(PurgeRequest),
    /// To tell what would be deleted.
    DryRun(DeadLetterFilter),
}

/// `DELETE /api/v1/dead-letters`: deletes the dead letters that a filter lets through.
///
/// 1. Parameters that are unknown, repeated, missing or wrong: 422.
/// 2. With `dryRun`, 200 with what would be deleted: 503 when the database does not answer.
/// 3. The letters are counted and deleted, with an entry in the audit log: 503 when the database does
///    not answer; 409 when others match than were counted, and then nothing is deleted.
/// 4. 200 with how many are gone.
pub(in crate::handlers) async fn purge<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let (tenant, actor) = (call.tenant()?, call.key()?);
    let request = match Query::of(&call.parts.uri)?.read(read)? {
        Asked::Purge(request) => request,
        Asked::DryRun(filter) => {
            let store = app.ports.store();
            let count = || store.dead_letter_groups(&tenant, &filter);
            let groups = repeat(app.ports.clock(), count).await?;
            return Answer::json(StatusCode::OK, &PurgeDocument::Preview(groups.into()));
        }
    };
    match purge::purge(&app.ports, &tenant, &actor, request).await? {
        Purged::Done {
            purged,
            remaining,
            audit_id,
        } => {
            let document = PurgedDocument {
                purged,
                remaining,
                audit_id: audit_id.to_string(),
            };
            Answer::json(StatusCode::OK, &PurgeDocument::Done(document))
        }
        Purged::CountChanged(count) => Err(Problem::count_changed(count)),
    }
}

fn read(mut fields: Fields<'_>) -> Result<Asked, Vec<FieldError>> {
    let flags = [("true", true), ("false", false)];
    let filter = <DeadLetterFilter as ListFilter>::read(&mut fields);
    let all = fields.optional("all", choice(&flags)).unwrap_or_default();
    let is_dry_run = fields
        .optional("dryRun", choice(&flags))
        .unwrap_or_default();
    let expected = if is_dry_run {
        fields.optional("expectedCount", counted)
    } else {
        fields.required("expectedCount", counted)
    };
    let note = fields
        .optional("note", label(NOTE_BYTES))
        .map(str::to_owned);
    let is_given = DeadLetterFilter::NAMES.iter().any(|name| fields.has(name));
    match (is_given, all) {
        (false, false) => fields.refuse("all", "must be `true` when no filter is given"),
        (true, true) => fields.refuse("all", "must be absent when a filter is given"),
        (true, false) | (false, true) => {}
    }
    fields.finish(|| {
        Some(if is_dry_run {
            Asked::DryRun(filter)
        } else {
            Asked::Purge(PurgeRequest {
                filter,
                expected: expected?,
                note,
            })
        })
    })
}

/// Reads a number of letters as a URL has it: digits only.
fn counted(item: Item<'_>) -> Ruling<u32> {
    checked(text(1..=16), |digits| {
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())
            .flatten()
            .filter(|count| (1..=PURGED_LETTERS).contains(count))
            .ok_or_else(|| format!("must be a whole number from 1 to {PURGED_LETTERS}, the most that one purge deletes"))
    })(item)
}
