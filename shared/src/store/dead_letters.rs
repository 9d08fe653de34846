//! Reading dead letters: one, a page of a tenant's, or all of them by their causes.

use super::Store;
use super::reading::{lower_bound, upper_bound};
use crate::clock::Instant;
use crate::configuration::Cost;
use crate::database::{Database, DatabaseError, Statement, StatementResult, Value};
use crate::dead_letter::filter::DeadLetterFilter;
use crate::error_code::ErrorCode;
use crate::ids::{JobId, TenantId};
use crate::job::JobRecord;
use serde::Deserialize;

/// The most groups that one reading gives, those of the most letters.
pub const GROUPS: u32 = 100;

/// A dead letter: the job, with what only operators see.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct DeadLetterRecord {
    /// The job.
    #[serde(flatten)]
    pub job: JobRecord,
    /// Times the sweep sent its message again.
    pub dispatches: u32,
    /// What dead letters of one cause share.
    pub fingerprint: String,
    /// When the payload and, once that is gone, the row is deleted.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Option<Instant>,
}

/// Dead letters of one cause.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeadLetterGroup {
    /// What they share.
    pub fingerprint: String,
    /// Why they died.
    #[serde(rename = "error_code")]
    pub code: ErrorCode,
    /// Whom their latest attempts asked; `None`: nobody.
    #[serde(rename = "error_provider")]
    pub provider: Option<String>,
    /// Of this model.
    pub model: Option<String>,
    /// How many there are.
    pub letters: u64,
    /// When the first of them died.
    #[serde(rename = "first_at_ms")]
    pub first_at: Instant,
    /// When the last of them died.
    #[serde(rename = "last_at_ms")]
    pub last_at: Instant,
    /// The newest job among them.
    pub sample: JobId,
    /// What their calls cost, in micro-dollars, where that is known.
    pub cost_micro_usd: Option<Cost>,
}

/// Dead letters by their causes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetterGroups {
    /// Those of the most letters first, at most [`GROUPS`].
    pub groups: Vec<DeadLetterGroup>,
    /// Letters in all, those of groups that were left out too.
    pub letters: u64,
    /// Whether groups were left out.
    pub is_cut: bool,
}

#[derive(Deserialize)]
struct GroupRow {
    #[serde(flatten)]
    group: DeadLetterGroup,
    letters_in_all: u64,
    groups_in_all: u64,
}

impl DeadLetterGroups {
    pub(super) fn read(result: StatementResult) -> Result<Self, DatabaseError> {
        let rows: Vec<GroupRow> = result.decode()?;
        let first = rows.first();
        Ok(Self {
            letters: first.map_or(0, |row| row.letters_in_all),
            is_cut: first.is_some_and(|row| row.groups_in_all > u64::from(GROUPS)),
            groups: rows.into_iter().map(|row| row.group).collect(),
        })
    }
}

/// What picks dead letters in every statement that does: `?1` to `?4`.
pub(super) fn picked(
    tenant: &TenantId,
    filter: &DeadLetterFilter,
    before: Option<&JobId>,
) -> Vec<Value> {
    let named = filter.job_ids.as_deref().unwrap_or_default();
    vec![
        tenant.as_str().into(),
        upper_bound(filter.created_before, before).into(),
        match named.first() {
            Some(first) => first.as_str().into(),
            None => lower_bound(JobId::PREFIX, filter.created_from),
        },
        filter.to_json().into(),
    ]
}

impl<D: Database> Store<D> {
    /// One dead letter of the tenant, or `None`: for a job that is not dead as well.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn dead_letter(
        &self,
        tenant: &TenantId,
        job: &JobId,
    ) -> Result<Option<DeadLetterRecord>, DatabaseError> {
        let parameters = vec![tenant.as_str().into(), job.as_str().into()];
        let result = self
            .run(include_str!("../../sql/get_dead_letter.sql"), parameters)
            .await?;
        Ok(result.decode()?.into_iter().next())
    }

    /// At most `limit` dead letters of the tenant that `filter` lets through, newest first; those of
    /// jobs older than `after`, where a page before ended with that one.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn dead_letters(
        &self,
        tenant: &TenantId,
        filter: &DeadLetterFilter,
        after: Option<&JobId>,
        limit: u32,
    ) -> Result<Vec<DeadLetterRecord>, DatabaseError> {
        let mut parameters = picked(tenant, filter, after);
        parameters.push(limit.into());
        self.run(include_str!("../../sql/list_dead_letters.sql"), parameters)
            .await?
            .decode()
    }

    /// The dead letters of the tenant that `filter` lets through, by their causes.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn dead_letter_groups(
        &self,
        tenant: &TenantId,
        filter: &DeadLetterFilter,
    ) -> Result<DeadLetterGroups, DatabaseError> {
        let mut results = self.batch(vec![Self::group(tenant, filter)]).await?;
        DeadLetterGroups::read(results.next()?)
    }

    pub(super) fn group(tenant: &TenantId, filter: &DeadLetterFilter) -> Statement {
        let mut parameters = picked(tenant, filter, None);
        parameters.push(GROUPS.into());
        Statement::new(include_str!("../../sql/group_dead_letters.sql"), parameters)
    }
}
