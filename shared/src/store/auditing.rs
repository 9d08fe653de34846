//! The audit log: entries beside what they tell of, and a page of them.

use super::Store;
use super::reading::{lower_bound, upper_bound};
use crate::audit::{Action, NewEntry};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::ids::{AuditId, TenantId};
use crate::job::json_text;
use serde::Deserialize;
use serde_json::Value as Json;

/// Which entries a page is to have; `None` lets every one through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this action.
    pub action: Option<Action>,
    /// By this one.
    pub actor: Option<String>,
    /// About this.
    pub subject: Option<String>,
    /// Written at this instant or later.
    pub from: Option<Instant>,
    /// Written before this instant.
    pub before: Option<Instant>,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct AuditRecord {
    /// Its id.
    pub id: AuditId,
    /// When it was done.
    #[serde(rename = "at_ms")]
    pub at: Instant,
    /// Who did it: the id of an API key, `operator` or `system`.
    pub actor: String,
    /// What was done.
    pub action: Action,
    /// The id of what it was done to.
    pub subject: String,
    /// What else there is to say.
    #[serde(deserialize_with = "json_text")]
    pub detail: Json,
}

/// The entry, written when the statement right before it in the same batch changed something.
pub(super) fn enter(entry: &NewEntry) -> Statement {
    let parameters = vec![
        entry.tenant_id.as_str().into(),
        entry.id.as_str().into(),
        entry.at.into(),
        entry.actor.to_string().into(),
        entry.action.as_str().into(),
        entry.subject.as_str().into(),
        entry.detail.to_string().into(),
    ];
    Statement::new(include_str!("../../sql/insert_audit.sql"), parameters)
}

impl<D: Database> Store<D> {
    /// At most `limit` entries of the tenant that `filter` lets through, newest first; those older
    /// than `after`, where a page before ended with that one.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn audit(
        &self,
        tenant: &TenantId,
        filter: &AuditFilter,
        after: Option<&AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, DatabaseError> {
        let parameters: Vec<Value> = vec![
            tenant.as_str().into(),
            upper_bound(filter.before, after).into(),
            lower_bound(AuditId::PREFIX, filter.from),
            filter.action.map(Action::as_str).into(),
            filter.actor.as_deref().into(),
            filter.subject.as_deref().into(),
            limit.into(),
        ];
        self.run(include_str!("../../sql/list_audit.sql"), parameters)
            .await?
            .decode()
    }
}
