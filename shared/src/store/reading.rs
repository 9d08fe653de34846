//! Reading jobs: one by id, or a page of a tenant's.

use super::Store;
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Value};
use crate::ids::{JobId, TenantId};
use crate::job::{JobRecord, JobState, Kind};

/// The most jobs a page may have.
pub const PAGE_LIMIT: u32 = 100;

/// Which jobs a page is to have; `None` lets every job through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// In this state.
    pub state: Option<JobState>,
    /// With this reference of the client's own: type and id.
    pub reference: Option<(String, String)>,
    /// Created at this instant or later.
    pub created_from: Option<Instant>,
    /// Created before this instant.
    pub created_before: Option<Instant>,
    /// Older than this job: where the page before ended.
    pub after: Option<JobId>,
}

/// The smallest text that any id minted at `instant` or later is not below.
pub(super) fn first_id_at(prefix: &str, instant: Instant) -> String {
    format!("{prefix}{:012x}", instant.as_millis())
}

/// The ids of a page lie below this text.
pub(super) fn upper_bound(created_before: Option<Instant>, after: Option<&JobId>) -> Value {
    const ABOVE_EVERY_ID: &str = "job_~";
    let created = created_before.map(|instant| first_id_at(JobId::PREFIX, instant));
    let after = after.map(|job| job.as_str().to_owned());
    [created, after]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or_else(|| ABOVE_EVERY_ID.to_owned())
        .into()
}

/// The ids of a page are not below this text.
pub(super) fn lower_bound(prefix: &str, created_from: Option<Instant>) -> Value {
    first_id_at(prefix, created_from.unwrap_or(Instant::from_millis(0))).into()
}

impl<D: Database> Store<D> {
    /// One job of the tenant with its result, or `None`: another tenant's id is as unknown as any.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn job(
        &self,
        tenant: &TenantId,
        job: &JobId,
    ) -> Result<Option<JobRecord>, DatabaseError> {
        let parameters = vec![tenant.as_str().into(), job.as_str().into()];
        let result = self
            .run(include_str!("../../sql/get_job.sql"), parameters)
            .await?;
        Ok(result.decode()?.into_iter().next())
    }

    /// At most `limit` jobs of the tenant that `filter` lets through, newest first, without results.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn jobs(
        &self,
        tenant: &TenantId,
        filter: &JobFilter,
        limit: u32,
    ) -> Result<Vec<JobRecord>, DatabaseError> {
        let mut parameters: Vec<Value> = vec![
            tenant.as_str().into(),
            upper_bound(filter.created_before, filter.after.as_ref()),
            lower_bound(JobId::PREFIX, filter.created_from),
            filter.kind.map(Kind::as_str).into(),
            filter.state.map(JobState::as_str).into(),
            limit.into(),
        ];
        let sql = if let Some((ref_type, ref_id)) = &filter.reference {
            parameters.extend([ref_type.as_str().into(), ref_id.as_str().into()]);
            include_str!("../../sql/list_jobs_by_ref.sql")
        } else {
            match filter.state {
                Some(JobState::Failed | JobState::Cancelled) => {
                    include_str!("../../sql/list_jobs_unsuccessful.sql")
                }
                Some(JobState::DeadLettered) => {
                    include_str!("../../sql/list_jobs_dead_lettered.sql")
                }
                None
                | Some(
                    JobState::Queued
                    | JobState::Running
                    | JobState::RetryScheduled
                    | JobState::Succeeded,
                ) => include_str!("../../sql/list_jobs.sql"),
            }
        };
        self.run(sql, parameters).await?.decode()
    }

    /// Whether the database answers and has the tables this version needs.
    ///
    /// # Errors
    /// [`DatabaseError`]: not ready.
    pub async fn check_schema(&self) -> Result<(), DatabaseError> {
        self.run(include_str!("../../sql/check_schema.sql"), vec![])
            .await?;
        Ok(())
    }
}
