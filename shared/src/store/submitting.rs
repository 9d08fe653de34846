//! Submitting: a new row, and the idempotency key that it may have.

use super::Store;
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::idempotency::{Idempotency, IdempotencyKey, given_up};
use crate::ids::{JobId, TenantId};
use crate::job::Kind;
use serde::Deserialize;
use std::collections::BTreeMap;

const FIND_SUBMITTED: &str = include_str!("../../sql/find_submitted.sql");

/// A new job.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Whose job it is.
    pub tenant_id: TenantId,
    /// Its id, fresh.
    pub id: JobId,
    /// What is to be done.
    pub kind: Kind,
    /// Failures allowed, 1 to 20.
    pub max_attempts: u32,
    /// When it was submitted; it may run at once.
    pub created_at: Instant,
    /// Seconds from then to the deadline, after which no attempt begins.
    pub deadline_seconds: u32,
    /// The model asked for.
    pub model: Option<String>,
    /// The client's own reference.
    pub ref_type: Option<String>,
    /// The client's own reference.
    pub ref_id: Option<String>,
    /// The client's own labels.
    pub metadata: BTreeMap<String, String>,
    /// JSON of what the provider is asked.
    pub request: String,
}

/// Who has an idempotency key: a job, or an entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct KeyHolder<Id> {
    /// Made by the first request with the key.
    pub id: Id,
    /// What that request asked for.
    pub request_hash: String,
}

impl NewJob {
    fn insert(&self, idempotency: Option<&Idempotency>) -> Statement {
        // A map of strings always has a JSON form.
        let metadata = serde_json::to_string(&self.metadata).unwrap_or_else(|_| "{}".to_owned());
        let parameters = vec![
            self.tenant_id.as_str().into(),
            self.id.as_str().into(),
            self.kind.as_str().into(),
            self.max_attempts.into(),
            self.created_at.into(),
            self.deadline_seconds.into(),
            self.model.as_deref().into(),
            self.ref_type.as_deref().into(),
            self.ref_id.as_deref().into(),
            idempotency.map(|given| given.key.as_str()).into(),
            idempotency.map(|given| given.request_hash.as_str()).into(),
            metadata.into(),
            self.request.as_str().into(),
        ];
        Statement::new(include_str!("../../sql/insert_job.sql"), parameters)
    }
}

impl<D: Database> Store<D> {
    /// Submit: the job is in `queued`, and from here on it is owed.
    ///
    /// # Errors
    /// [`DatabaseError`]: nothing is promised. Repeating with the same job is safe.
    pub async fn insert_job(&self, job: &NewJob) -> Result<(), DatabaseError> {
        self.batch(vec![job.insert(None)]).await?.next()?;
        Ok(())
    }

    /// Submit with an idempotency key: the job is in `queued`, unless another has the key. Answers
    /// the job that has it.
    ///
    /// # Errors
    /// [`DatabaseError`]: nothing is promised. Repeating with the same job is safe.
    pub async fn insert_job_once(
        &self,
        job: &NewJob,
        idempotency: &Idempotency,
    ) -> Result<KeyHolder<JobId>, DatabaseError> {
        let key = key_of(&job.tenant_id, job.kind, &idempotency.key, job.created_at);
        let mut results = self
            .batch(vec![
                Statement::new(
                    include_str!("../../sql/release_idempotency_key.sql"),
                    key.clone(),
                ),
                job.insert(Some(idempotency)),
                Statement::new(FIND_SUBMITTED, key),
            ])
            .await?;
        results.next()?;
        results.next()?;
        let holder = results.next()?.decode()?.into_iter().next();
        holder.ok_or_else(|| DatabaseError::Corrupt("a key is neither stored nor taken".to_owned()))
    }

    /// The job that an earlier request with this idempotency key made, if one has it at `now`.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn submitted(
        &self,
        tenant: &TenantId,
        kind: Kind,
        key: &IdempotencyKey,
        now: Instant,
    ) -> Result<Option<KeyHolder<JobId>>, DatabaseError> {
        let find = Statement::new(FIND_SUBMITTED, key_of(tenant, kind, key, now));
        let mut results = self.batch(vec![find]).await?;
        Ok(results.next()?.decode()?.into_iter().next())
    }
}

fn key_of(tenant: &TenantId, kind: Kind, key: &IdempotencyKey, now: Instant) -> Vec<Value> {
    vec![
        tenant.as_str().into(),
        kind.as_str().into(),
        key.as_str().into(),
        given_up(now).into(),
    ]
}
