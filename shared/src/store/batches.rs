//! Batches: submitted, looked up, cancelled.

mod moving;
mod record;

pub(super) use moving::moving;
pub use moving::{BatchGround, BatchJob, BatchJobs, BatchMove};
pub use record::{BatchCounts, BatchRecord, BatchStatus, Place, Sample};

use super::{KeyHolder, Store, auditing};
use crate::audit::{Action, Deed};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::error_code::ErrorCode;
use crate::idempotency::{Idempotency, IdempotencyKey, given_up};
use crate::ids::{BatchId, FileId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

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
