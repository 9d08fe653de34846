//! Batches: submitted, moved on step by step, cancelled.

use super::tenants::wanted;
use super::{KeyHolder, Store, auditing};
use crate::audit::{Action, Deed};
use crate::clock::Instant;
use crate::configuration::Cost;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::error_code::ErrorCode;
use crate::idempotency::{Idempotency, IdempotencyKey, given_up};
use crate::ids::{BatchId, FileId, TenantId};
use crate::job::{flag, json_text, optional_json_text};
use crate::request::Wanted;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// Its lines are read and judged before the first becomes a job.
    Validating,
    /// Its lines become jobs, and the jobs run.
    InProgress,
    /// Every job has ended, and the files of the answers are written.
    Finalizing,
    /// Every job has ended. Terminal.
    Completed,
    /// A line broke a rule, and no line became a job; or lines could not be read any more, and became
    /// no job. Terminal.
    Failed,
    /// Somebody asked to cancel it; jobs that run go on to their end.
    Cancelling,
    /// Cancelled. Terminal.
    Cancelled,
    /// Its window was over before its lines were done. Terminal.
    Expired,
}

impl BatchStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Validating,
        Self::InProgress,
        Self::Finalizing,
        Self::Completed,
        Self::Failed,
        Self::Cancelling,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The status as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Validating => "validating",
            Self::InProgress => "in_progress",
            Self::Finalizing => "finalizing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing moves it any more.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Validating | Self::InProgress | Self::Finalizing | Self::Cancelling => false,
            Self::Completed | Self::Failed | Self::Cancelled | Self::Expired => true,
        }
    }
}

/// A new batch.
#[derive(Clone, Debug, PartialEq)]
pub struct NewBatch {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Its id, fresh.
    pub id: BatchId,
    /// Where it begins: `validating`, or `in_progress` when its lines were judged already.
    pub status: BatchStatus,
    /// The endpoint of its lines, of a batch in OpenAI's shape.
    pub endpoint: Option<String>,
    /// Where its lines are.
    pub file_id: FileId,
    /// That file is there until then at least.
    pub file_kept_until: Instant,
    /// The client's own name.
    pub name: Option<String>,
    /// The client's own labels.
    pub metadata: BTreeMap<String, String>,
    /// Whether a line that breaks a rule is passed over.
    pub skips_invalid: bool,
    /// Fields of every line that does not have them.
    pub defaults: Map<String, Json>,
    /// How many lines become jobs; 0 when that is not known yet.
    pub lines: u32,
    /// How many of them broke a rule.
    pub invalid_lines: u32,
    /// When it was submitted.
    pub created_at: Instant,
    /// When its window ends; `None`: it has none.
    pub window_ends_at: Option<Instant>,
    /// How many seconds the files of its answers are kept at most; `None`: as long as payloads are.
    pub output_seconds: Option<u32>,
}

/// A batch as the database has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct BatchRecord {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Its id.
    pub id: BatchId,
    /// Where it stands.
    pub status: BatchStatus,
    /// The endpoint of its lines, of a batch in OpenAI's shape.
    pub endpoint: Option<String>,
    /// Where its lines are.
    pub file_id: FileId,
    /// The client's own name.
    pub name: Option<String>,
    /// The client's own labels.
    #[serde(deserialize_with = "json_text")]
    pub metadata: BTreeMap<String, String>,
    /// Whether a line that breaks a rule is passed over.
    #[serde(deserialize_with = "flag")]
    pub skips_invalid: bool,
    /// Fields of every line that does not have them.
    #[serde(deserialize_with = "json_text")]
    pub defaults: Map<String, Json>,
    /// Lines that become jobs; 0 until they are counted.
    pub lines: u32,
    /// Those of them that broke a rule.
    pub invalid_lines: u32,
    /// When it was submitted.
    #[serde(rename = "created_at_ms")]
    pub created_at: Instant,
    /// When the first line became a job.
    #[serde(rename = "started_at_ms")]
    pub started_at: Option<Instant>,
    /// When the last job had ended.
    #[serde(rename = "finalizing_at_ms")]
    pub finalizing_at: Option<Instant>,
    /// When somebody asked to cancel it.
    #[serde(rename = "cancelled_at_ms")]
    pub cancelled_at: Option<Instant>,
    /// When it became terminal.
    #[serde(rename = "completed_at_ms")]
    pub completed_at: Option<Instant>,
    /// When its window ends.
    #[serde(rename = "window_ends_at_ms")]
    pub window_ends_at: Option<Instant>,
    /// When its next step is due.
    #[serde(rename = "due_at_ms")]
    pub due_at: Option<Instant>,
    /// Steps taken: the fence of the next one.
    pub step: u32,
    /// When the row is deleted.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Option<Instant>,
    /// Where the next line is, and its place among the jobs.
    #[serde(flatten)]
    pub at: Place,
    /// Since when that line cannot be read, though its store answers; `None`: it can, or nobody has
    /// looked.
    #[serde(rename = "unreadable_at_ms")]
    pub unreadable_at: Option<Instant>,
    /// Its jobs by state.
    #[serde(flatten)]
    pub counts: BatchCounts,
    /// Times a job of it has ended: the latest sequence number.
    pub completions: u32,
    /// What its jobs cost so far, where that is known.
    pub cost_micro_usd: Option<Cost>,
    /// How fast its jobs end, as the latest step saw it.
    #[serde(flatten)]
    pub sample: Sample,
    /// How many seconds the files of its answers are kept at most.
    pub output_seconds: Option<u32>,
    /// The file of its answers, of a batch in OpenAI's shape.
    pub output_file_id: Option<FileId>,
    /// The file of what was not answered.
    pub error_file_id: Option<FileId>,
    /// What is wrong with its lines, or how far its files are written.
    #[serde(deserialize_with = "optional_json_text")]
    pub finding: Option<Json>,
    /// Tokens of all answers, once its files are written.
    #[serde(deserialize_with = "optional_json_text")]
    pub usage: Option<Json>,
}

/// How far the lines of a batch have become jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// The chunk of the file that the next line is in.
    pub chunk: u32,
    /// Bytes into it.
    pub chunk_offset: u32,
    /// The line's number in the file, from 1.
    pub line: u32,
    /// Its place among the jobs: how many there are so far.
    pub jobs: u32,
}

/// The jobs of a batch by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct BatchCounts {
    /// Waiting for their first attempt.
    pub queued: u32,
    /// Running.
    pub running: u32,
    /// Waiting for another attempt.
    pub retry_scheduled: u32,
    /// Answered.
    pub succeeded: u32,
    /// The line's own fault.
    pub failed: u32,
    /// For an operator.
    pub dead_lettered: u32,
    /// Stopped.
    pub cancelled: u32,
}

impl BatchCounts {
    /// Jobs that have still to end.
    #[must_use]
    pub const fn unfinished(self) -> u32 {
        self.queued + self.running + self.retry_scheduled
    }

    /// Jobs that have ended.
    #[must_use]
    pub const fn ended(self) -> u32 {
        self.succeeded + self.failed + self.dead_lettered + self.cancelled
    }
}

/// How fast the jobs of a batch end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Sample {
    /// When a step last saw that jobs had ended.
    #[serde(rename = "sampled_at_ms")]
    pub at: Option<Instant>,
    /// How many had, then.
    #[serde(rename = "sampled_ended")]
    pub ended: u32,
    /// How many end in 1,000 seconds, smoothed; `None`: too early to tell.
    #[serde(rename = "ended_per_1000_s")]
    pub per_1000_seconds: Option<u32>,
}

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

pub(super) fn key(tenant: &TenantId, batch: &BatchId) -> Vec<Value> {
    vec![tenant.as_str().into(), batch.as_str().into()]
}

/// Before the first and after the last id that a job of the batch can have.
pub(super) fn bounds(batch: &BatchId) -> [Value; 2] {
    let jobs = batch.jobs();
    [jobs.clone().into(), format!("{jobs}~").into()]
}

fn text(value: &impl Serialize) -> Value {
    // Maps and lists always have a JSON form.
    serde_json::to_string(value).unwrap_or_default().into()
}

impl NewBatch {
    fn insert(&self, idempotency: Option<&Idempotency>) -> Statement {
        let mut parameters = key(&self.tenant_id, &self.id);
        parameters.extend([
            self.status.as_str().into(),
            self.endpoint.as_deref().into(),
            self.file_id.as_str().into(),
            self.name.as_deref().into(),
            text(&self.metadata),
            self.skips_invalid.into(),
            text(&self.defaults),
            self.lines.into(),
            self.invalid_lines.into(),
            self.created_at.into(),
            self.window_ends_at.into(),
            idempotency.map(|given| given.key.as_str()).into(),
            idempotency.map(|given| given.request_hash.as_str()).into(),
            self.output_seconds.into(),
        ]);
        Statement::new(include_str!("../../sql/insert_batch.sql"), parameters)
    }

    fn keep_file(&self) -> Statement {
        let mut parameters = key(&self.tenant_id, &self.id);
        parameters.extend([self.file_id.as_str().into(), self.file_kept_until.into()]);
        Statement::new(include_str!("../../sql/keep_file_of_batch.sql"), parameters)
    }
}

impl<D: Database> Store<D> {
    /// Submit: the batch is there, its lines are owed, and its file is whole and kept for it, in one
    /// transaction. With an idempotency key, unless another batch has it. Answers the batch that is
    /// there for the request.
    ///
    /// # Errors
    /// [`DatabaseError`]: nothing is promised. Repeating with the same batch is safe.
    pub async fn insert_batch(
        &self,
        batch: &NewBatch,
        idempotency: Option<&Idempotency>,
    ) -> Result<KeyHolder<BatchId>, DatabaseError> {
        let Some(given) = idempotency else {
            let statements = vec![batch.insert(None), batch.keep_file()];
            self.batch(statements).await?.next()?;
            return Ok(KeyHolder {
                id: batch.id.clone(),
                request_hash: String::new(),
            });
        };
        let key: Vec<Value> = vec![
            batch.tenant_id.as_str().into(),
            given.key.as_str().into(),
            given_up(batch.created_at).into(),
        ];
        let release = include_str!("../../sql/release_batch_key.sql");
        let find = include_str!("../../sql/find_batch_of_key.sql");
        let mut results = self
            .batch(vec![
                Statement::new(release, key.clone()),
                batch.insert(Some(given)),
                batch.keep_file(),
                Statement::new(find, key),
            ])
            .await?;
        results.next()?;
        results.next()?;
        results.next()?;
        let holder = results.next()?.decode()?.into_iter().next();
        holder.ok_or_else(|| DatabaseError::Corrupt("a key is neither stored nor taken".to_owned()))
    }

    /// The batch that an earlier request with this idempotency key made, if one has it at `now`.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn batch_of_key(
        &self,
        tenant: &TenantId,
        key: &IdempotencyKey,
        now: Instant,
    ) -> Result<Option<KeyHolder<BatchId>>, DatabaseError> {
        let parameters = vec![
            tenant.as_str().into(),
            key.as_str().into(),
            given_up(now).into(),
        ];
        let sql = include_str!("../../sql/find_batch_of_key.sql");
        Ok(self
            .run(sql, parameters)
            .await?
            .decode()?
            .into_iter()
            .next())
    }

    /// One batch; `None`: the tenant has no such batch.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn find_batch(
        &self,
        tenant: &TenantId,
        batch: &BatchId,
    ) -> Result<Option<BatchRecord>, DatabaseError> {
        let sql = include_str!("../../sql/get_batch.sql");
        let result = self.run(sql, key(tenant, batch)).await?;
        Ok(result.decode()?.into_iter().next())
    }

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
                Statement::new(include_str!("../../sql/get_batch.sql"), key(tenant, batch)),
                Statement::new(include_str!("../../sql/get_batch_ground.sql"), ground),
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
            let sql = include_str!("../../sql/release_file_of_batch.sql");
            statements.push(Statement::new(sql, parameters));
        }
        let mut results = self.batch(statements).await?;
        for _ in 0..before {
            results.next()?;
        }
        Ok(results.next()?.changes > 0)
    }

    /// Cancel: no more lines become jobs, with an entry in the audit log. Answers whether this call
    /// did it.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn cancel_batch(
        &self,
        tenant: &TenantId,
        batch: &BatchId,
        now: Instant,
        deed: &Deed,
    ) -> Result<bool, DatabaseError> {
        let mut parameters = key(tenant, batch);
        parameters.push(now.into());
        let cancel = Statement::new(include_str!("../../sql/cancel_batch.sql"), parameters);
        let entry = deed.entry(tenant, Action::BatchCancel, batch, json!({}));
        let statements = vec![cancel, auditing::enter(&entry)];
        Ok(self.batch(statements).await?.next()?.changes > 0)
    }

    /// A batch's dead letters by their reason.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn dead_letters_of_batch(
        &self,
        tenant: &TenantId,
        batch: &BatchId,
    ) -> Result<Vec<(ErrorCode, u32)>, DatabaseError> {
        #[derive(Deserialize)]
        struct Row {
            error_code: ErrorCode,
            letters: u32,
        }
        let mut parameters = vec![tenant.as_str().into()];
        parameters.extend(bounds(batch));
        let sql = include_str!("../../sql/count_dead_letters_of_batch.sql");
        let rows: Vec<Row> = self.run(sql, parameters).await?.decode()?;
        Ok(rows
            .into_iter()
            .map(|row| (row.error_code, row.letters))
            .collect())
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
                let sql = include_str!("../../sql/insert_jobs_of_batch.sql");
                Statement::new(sql, parameters)
            };
            groups.iter().map(insert).collect()
        }
        BatchJobs::Cancelled(rows) => {
            let mut parameters = key(&record.tenant_id, &record.id);
            parameters.extend([record.step.into(), now.into()]);
            parameters.extend(bounds(&record.id));
            parameters.extend([(*rows).into(), kept.into()]);
            let sql = include_str!("../../sql/cancel_jobs_of_batch.sql");
            vec![Statement::new(sql, parameters)]
        }
    }
}

pub(super) fn moving(
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
    Statement::new(include_str!("../../sql/move_batch.sql"), parameters)
}
