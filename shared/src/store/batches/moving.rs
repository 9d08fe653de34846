//! A step of a batch: what it goes by, what it does to the jobs, and where it leaves the row.

use super::record::{BatchRecord, BatchStatus, Place, Sample};
use super::{bounds, key};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement};
use crate::ids::{BatchId, TenantId};
use crate::request::Wanted;
use crate::store::Store;
use crate::store::tenants::wanted;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What else a step goes by.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BatchGround {
    /// Seconds that the payload of a job is kept that has ended.
    pub payload_retention_seconds: u32,
    /// Seconds that the row of a batch is kept that has ended.
    pub retention_seconds: u32,
    /// The tenant's own default providers.
    #[serde(deserialize_with = "wanted")]
    pub default_providers: Vec<Wanted>,
    /// The tenant's batches that have not ended.
    pub active: u32,
}

/// A line that becomes a job, as `insert_jobs_of_batch` takes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchJob {
    /// The job's id: the batch's, with its place.
    pub id: crate::ids::JobId,
    /// What is to be done.
    pub kind: &'static str,
    /// Failures allowed.
    pub max_attempts: u8,
    /// Seconds from now to the deadline.
    pub deadline_seconds: u32,
    /// The model asked for, or the language of a program.
    pub model: Option<String>,
    /// The line's number in the upload.
    pub line: u32,
    /// The client's own name for it.
    pub custom_id: Option<String>,
    /// The client's own reference.
    pub ref_type: Option<String>,
    /// The client's own reference.
    pub ref_id: Option<String>,
    /// The client's own labels, JSON.
    pub metadata: String,
    /// Why the job is failed from the start; `None`: it is queued.
    pub code: Option<&'static str>,
    /// More of that, JSON.
    pub error: Option<String>,
    /// JSON of what the provider is asked.
    #[serde(skip)]
    pub request: String,
}

impl BatchJob {
    /// The job as an element of the array that [`BatchJobs::Made`] takes. What the provider is asked
    /// stands in it as JSON, not as text with JSON in it, which could be twice as long.
    #[must_use]
    pub fn encode(&self) -> String {
        // A struct of numbers and text always has a JSON form.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.pop();
        text.push_str(",\"request\":");
        text.push_str(&self.request);
        text.push('}');
        text
    }
}

/// Where a step leaves a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchMove {
    /// Where it stands now.
    pub status: BatchStatus,
    /// When the next step is due; `None`: it has ended.
    pub due_at: Option<Instant>,
    /// Where the next line is.
    pub at: Place,
    /// Since when it cannot be read; `None`: it can, or nobody has looked.
    pub unreadable_at: Option<Instant>,
    /// How fast its jobs end.
    pub sample: Sample,
    /// Lines that become jobs.
    pub lines: u32,
    /// What is wrong with its lines.
    pub finding: Option<Json>,
}

/// What a step does to the jobs of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum BatchJobs {
    /// Nothing.
    Left,
    /// Lines become jobs: JSON arrays of [`BatchJob`], each short enough for a parameter.
    Made(Vec<String>),
    /// Those that wait are cancelled, at most this many.
    Cancelled(u32),
}

impl<D: Database> Store<D> {
    /// One batch with what else a step goes by; `None`: there is none.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn batch_for_step(
        &self,
        tenant: &TenantId,
        batch: &BatchId,
    ) -> Result<Option<(BatchRecord, BatchGround)>, DatabaseError> {
        let ground = vec![tenant.as_str().into()];
        let mut results = self
            .batch(vec![
                Statement::new(
                    include_str!("../../../sql/get_batch.sql"),
                    key(tenant, batch),
                ),
                Statement::new(include_str!("../../../sql/get_batch_ground.sql"), ground),
            ])
            .await?;
        let record = results.next()?.decode()?.into_iter().next();
        let ground = results.next()?.decode()?.into_iter().next();
        Ok(record.zip(ground))
    }

    /// A step: what it does to the jobs, and where the batch stands after it, in one transaction, if
    /// no other step was taken since `record` was read. Answers whether it was this one.
    ///
    /// # Errors
    /// [`DatabaseError`]: it may have taken effect. Repeating it answers `false` then.
    pub async fn move_batch(
        &self,
        record: &BatchRecord,
        ground: &BatchGround,
        jobs: &BatchJobs,
        moved: &BatchMove,
        now: Instant,
    ) -> Result<bool, DatabaseError> {
        let mut statements = self::jobs(record, ground, jobs, now);
        let before = statements.len();
        statements.push(moving(record, ground, moved, now));
        if moved.status.is_terminal() {
            let mut parameters = key(&record.tenant_id, &record.id);
            let kept = ground.payload_retention_seconds;
            parameters.extend([record.file_id.as_str().into(), now.into(), kept.into()]);
            let sql = include_str!("../../../sql/release_file_of_batch.sql");
            statements.push(Statement::new(sql, parameters));
        }
        let mut results = self.batch(statements).await?;
        for _ in 0..before {
            results.next()?;
        }
        Ok(results.next()?.changes > 0)
    }
}

fn jobs(
    record: &BatchRecord,
    ground: &BatchGround,
    jobs: &BatchJobs,
    now: Instant,
) -> Vec<Statement> {
    let kept = ground.payload_retention_seconds;
    match jobs {
        BatchJobs::Left => Vec::new(),
        BatchJobs::Made(groups) => {
            let insert = |group: &String| {
                let parameters = vec![
                    group.as_str().into(),
                    record.tenant_id.as_str().into(),
                    record.id.as_str().into(),
                    record.step.into(),
                    now.into(),
                    record.created_at.into(),
                    kept.into(),
                ];
                let sql = include_str!("../../../sql/insert_jobs_of_batch.sql");
                Statement::new(sql, parameters)
            };
            groups.iter().map(insert).collect()
        }
        BatchJobs::Cancelled(rows) => {
            let mut parameters = key(&record.tenant_id, &record.id);
            parameters.extend([record.step.into(), now.into()]);
            parameters.extend(bounds(&record.id));
            parameters.extend([(*rows).into(), kept.into()]);
            let sql = include_str!("../../../sql/cancel_jobs_of_batch.sql");
            vec![Statement::new(sql, parameters)]
        }
    }
}

pub(in crate::store) fn moving(
    record: &BatchRecord,
    ground: &BatchGround,
    moved: &BatchMove,
    now: Instant,
) -> Statement {
    let mut parameters = key(&record.tenant_id, &record.id);
    parameters.extend([
        record.step.into(),
        now.into(),
        moved.status.as_str().into(),
        moved.due_at.into(),
        moved.at.chunk.into(),
        moved.at.chunk_offset.into(),
        moved.at.line.into(),
        moved.at.jobs.into(),
        moved.sample.at.into(),
        moved.sample.ended.into(),
        moved.sample.per_1000_seconds.into(),
        moved.lines.into(),
        ground.retention_seconds.into(),
        moved.finding.as_ref().map(Json::to_string).into(),
        moved.unreadable_at.into(),
    ]);
    Statement::new(include_str!("../../../sql/move_batch.sql"), parameters)
}
