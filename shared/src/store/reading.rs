//! Reading jobs: one by id, or a page of a tenant's.

use super::Store;
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Value};
use crate::ids::{BatchId, Id, JobId, TenantId};
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
    /// Of this batch.
    pub batch: Option<BatchId>,
    /// Older than this job: where the page before ended.
    pub after: Option<JobId>,
}

impl JobFilter {
    /// The ids of a page are not below the first text, and below the second.
    fn bounds(&self) -> [Value; 2] {
        let from = self.created_from.unwrap_or(Instant::from_millis(0));
        let created = first_id_at(JobId::PREFIX, from);
        // The jobs of a batch are one range of ids.
        let batch = self.batch.as_ref().map(BatchId::jobs);
        let lower = batch
            .clone()
            .map_or(created.clone(), |batch| created.max(batch));
        let upper = upper_bound(self.created_before, self.after.as_ref());
        let upper = match batch {
            Some(batch) => upper.min(batch + "~"),
            None => upper,
        };
        [lower.into(), upper.into()]
    }
}

/// The smallest text that any id minted at `instant` or later is not below.
pub(super) fn first_id_at(prefix: &str, instant: Instant) -> String {
    format!("{prefix}{:012x}", instant.as_millis())
}

/// The ids of a page lie below this text: they were minted before `created_before`, and are older
/// than `after`, where the page before ended.
pub(super) fn upper_bound<I: Id>(created_before: Option<Instant>, after: Option<&I>) -> String {
    let created = created_before.map(|instant| first_id_at(I::prefix(), instant));
    let after = after.map(|id| id.text().to_owned());
    let upper = [created, after].into_iter().flatten().min();
    // Above the id of any of them.
    upper.unwrap_or_else(|| format!("{}~", I::prefix()))
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
        let [lower, upper] = filter.bounds();
        let mut parameters: Vec<Value> = vec![
            tenant.as_str().into(),
            upper,
            lower,
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
