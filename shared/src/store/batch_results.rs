//! The results of a batch, and pages of batches.

use super::batches::bounds;
use super::reading::{lower_bound, upper_bound};
use super::{BatchRecord, BatchStatus, Store};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Value};
use crate::ids::{BatchId, JobId, TenantId};
use crate::job::JobRecord;
use serde::Deserialize;

/// Which batches a page is to have; `None` lets every one through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchFilter {
    /// That stand so.
    pub status: Option<BatchStatus>,
    /// Those in OpenAI's shape alone.
    pub compatible_only: bool,
    /// Submitted at this instant or later.
    pub created_from: Option<Instant>,
    /// Submitted before this instant.
    pub created_before: Option<Instant>,
}

/// Which jobs of a batch are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchPart {
    /// All of them, those included that have not ended.
    All,
    /// Those that have ended and did not succeed.
    Unsuccessful,
}

/// A job of a batch, and when it ended among the others.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Completion {
    /// Its number, from 1 and without a gap.
    pub sequence: u32,
    /// The job as it stands now: it may have been replayed since.
    #[serde(flatten)]
    pub job: JobRecord,
}

impl<D: Database> Store<D> {
    /// At most `limit` batches of the tenant that `filter` lets through, newest first; those older than
    /// `after`.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn batches(
        &self,
        tenant: &TenantId,
        filter: &BatchFilter,
        after: Option<&BatchId>,
        limit: u32,
    ) -> Result<Vec<BatchRecord>, DatabaseError> {
        let parameters: Vec<Value> = vec![
            tenant.as_str().into(),
            upper_bound(filter.created_before, after).into(),
            lower_bound(BatchId::PREFIX, filter.created_from),
            filter.status.map(BatchStatus::as_str).into(),
            filter.compatible_only.into(),
            limit.into(),
        ];
        let sql = include_str!("../../sql/list_batches.sql");
        self.run(sql, parameters).await?.decode()
    }

    /// At most `limit` jobs of a batch in the order of their lines, after the job `after`, with
    /// their results.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn jobs_of_batch(
        &self,
        tenant: &TenantId,
        batch: &BatchId,
        part: BatchPart,
        after: Option<&JobId>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, DatabaseError> {
        let [first, last] = bounds(batch);
        let parameters = vec![
            tenant.as_str().into(),
            after.map_or(first, |after| after.as_str().into()),
            last,
            limit.into(),
            (part == BatchPart::Unsuccessful).into(),
        ];
        let sql = include_str!("../../sql/list_jobs_of_batch.sql");
        self.run(sql, parameters).await?.decode()
    }

    /// At most `limit` jobs of a batch in the order in which they ended, after the number `after`,
    /// with their results.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn completions_of_batch(
        &self,
        tenant: &TenantId,
        batch: &BatchId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<Completion>, DatabaseError> {
        let parameters = vec![
            tenant.as_str().into(),
            batch.as_str().into(),
            after.into(),
            limit.into(),
        ];
        let sql = include_str!("../../sql/list_completions_of_batch.sql");
        self.run(sql, parameters).await?.decode()
    }
}
