//! Commits: what an attempt came to, written in one batch for all jobs that ended together.

use super::{Store, usage};
use crate::clock::Instant;
use crate::configuration::Cost;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::error_code::ErrorCode;
use crate::ids::{JobId, TenantId};
use crate::job::{AttemptRecord, ErrorDetail, JobRecord, ResultColumns};
use crate::provider::Usage;

/// What an attempt came to, with its fence.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// Whose job it is.
    pub tenant_id: TenantId,
    /// The job.
    pub job_id: JobId,
    /// The attempt: the commit holds only while the job is running it.
    pub attempt: u32,
    /// The job's history with this attempt in it.
    pub attempts: Vec<AttemptRecord>,
    /// When the attempt ended.
    pub finished_at: Instant,
    /// When the attempt's lease runs out: after that the job may be somebody else's.
    pub lease_until: Instant,
    /// The transition.
    pub settlement: Settlement,
}

/// Where an attempt leaves the job.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// `succeeded`, with the answer.
    Succeeded(Box<Answered>),
    /// `retry_scheduled`, due at the instant.
    RetryScheduled {
        /// When the next attempt may begin.
        due_at: Instant,
        /// Whether the attempt counts as a failure; otherwise it is a deferral.
        counts_as_failure: bool,
        /// Why it did not succeed.
        code: ErrorCode,
        /// More of that.
        error: ErrorDetail,
    },
    /// `failed`: the caller's fault.
    Failed {
        /// Why.
        code: ErrorCode,
        /// More of that.
        error: ErrorDetail,
    },
    /// `dead_lettered`: for an operator.
    DeadLettered {
        /// Whether the attempt counts as a failure; otherwise it is a deferral.
        counts_as_failure: bool,
        /// Why.
        code: ErrorCode,
        /// More of that.
        error: ErrorDetail,
        /// What dead letters of one cause share.
        fingerprint: String,
    },
}

/// The answer of a provider, as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The text.
    pub output: String,
    /// Why the model stopped.
    pub finish_reason: &'static str,
    /// The same in the provider's own word.
    pub raw_finish_reason: Option<String>,
    /// What a filter or a refusal was about, in the provider's own word.
    pub stop_category: Option<String>,
    /// Whether the answer was cut at a limit.
    pub truncated: bool,
    /// Codes of what is odd about the answer.
    pub warnings: Vec<&'static str>,
    /// What the provider counted; `None` when it did not say.
    pub usage: Option<Usage>,
    /// What that cost, in micro-dollars, where tokens and price are known.
    pub cost_micro_usd: Option<Cost>,
    /// Who answered.
    pub provider: String,
    /// The model that answered, as the provider names it.
    pub model: String,
    /// The provider's own id of the call.
    pub provider_request_id: Option<String>,
}

impl Settlement {
    /// Bytes of the answer, which make up nearly all of what a commit writes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Succeeded(answered) => answered.output.len(),
            Self::RetryScheduled { .. } | Self::Failed { .. } | Self::DeadLettered { .. } => 0,
        }
    }
}

pub(super) fn json(value: &impl serde::Serialize) -> Value {
    // Structs of text, numbers and lists always have a JSON form.
    Value::Text(serde_json::to_string(value).unwrap_or_default())
}

pub(super) fn count(number: Option<u64>) -> Value {
    number.and_then(|number| i64::try_from(number).ok()).into()
}

impl Commit {
    /// Tenant, job and attempt, as the statements take them first.
    pub(super) fn fence(&self) -> Vec<Value> {
        vec![
            self.tenant_id.as_str().into(),
            self.job_id.as_str().into(),
            self.attempt.into(),
        ]
    }

    /// Whether this commit took effect on `job`, which may have moved on since: its history has the
    /// attempt, as only this commit writes it.
    #[must_use]
    pub fn left(&self, job: &JobRecord) -> bool {
        let record = self.attempts.last();
        record.is_some_and(|record| job.attempts.contains(record))
    }

    fn insert_result(&self, answered: &Answered) -> Statement {
        let usage = answered.usage.unwrap_or_default();
        let mut parameters = self.fence();
        parameters.extend([
            answered.output.as_str().into(),
            answered.finish_reason.into(),
            answered.truncated.into(),
            json(&answered.warnings),
            count(usage.input_tokens),
            count(usage.output_tokens),
            count(usage.total_tokens),
            answered.provider.as_str().into(),
            answered.model.as_str().into(),
            answered.provider_request_id.as_deref().into(),
            self.finished_at.into(),
            count(usage.cached_tokens),
            count(usage.reasoning_tokens),
            count(answered.cost_micro_usd),
            answered.raw_finish_reason.as_deref().into(),
            answered.stop_category.as_deref().into(),
        ]);
        Statement::new(include_str!("../../sql/insert_result.sql"), parameters)
    }

    fn complete(&self, answered: &Answered) -> Statement {
        let mut parameters = self.fence();
        parameters.extend([
            self.finished_at.into(),
            answered.model.as_str().into(),
            json(&self.attempts),
            count(self.cost()),
        ]);
        Statement::new(include_str!("../../sql/complete_job.sql"), parameters)
    }

    fn unsuccessful(
        &self,
        sql: &'static str,
        instant: Instant,
        counts_as_failure: bool,
        code: ErrorCode,
        error: &ErrorDetail,
    ) -> Statement {
        let mut parameters = self.fence();
        parameters.extend([
            instant.into(),
            counts_as_failure.into(),
            (!counts_as_failure).into(),
            code.as_str().into(),
            json(error),
            json(&self.attempts),
            count(self.cost()),
        ]);
        Statement::new(sql, parameters)
    }

    /// The statements of this commit; the last one tells whether the fence held.
    fn statements(&self) -> Vec<Statement> {
        match &self.settlement {
            Settlement::Succeeded(answered) => {
                vec![self.insert_result(answered), self.complete(answered)]
            }
            Settlement::RetryScheduled {
                due_at,
                counts_as_failure,
                code,
                error,
            } => {
                let sql = include_str!("../../sql/schedule_retry.sql");
                vec![self.unsuccessful(sql, *due_at, *counts_as_failure, *code, error)]
            }
            Settlement::Failed { code, error } => {
                let sql = include_str!("../../sql/fail_job.sql");
                vec![self.unsuccessful(sql, self.finished_at, true, *code, error)]
            }
            Settlement::DeadLettered {
                counts_as_failure,
                code,
                error,
                fingerprint,
            } => {
                let sql = include_str!("../../sql/dead_letter_job.sql");
                let mut statement =
                    self.unsuccessful(sql, self.finished_at, *counts_as_failure, *code, error);
                statement.parameters.push(fingerprint.as_str().into());
                vec![statement]
            }
        }
    }
}

impl Answered {
    fn columns(&self) -> ResultColumns {
        let usage = self.usage.unwrap_or_default();
        ResultColumns {
            output: Some(self.output.clone()),
            finish_reason: Some(self.finish_reason.to_owned()),
            raw_finish_reason: self.raw_finish_reason.clone(),
            stop_category: self.stop_category.clone(),
            truncated: Some(u8::from(self.truncated)),
            warnings: Some(
                self.warnings
                    .iter()
                    .map(|&warning| warning.to_owned())
                    .collect(),
            ),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            total_tokens: usage.total_tokens,
            cached_tokens: usage.cached_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            provider: Some(self.provider.clone()),
            provider_request_id: self.provider_request_id.clone(),
        }
    }
}

impl<D: Database> Store<D> {
    /// Commits several attempts in one transaction, each behind its own fence, with what their calls
    /// used.
    ///
    /// Answers one entry a commit, in order: the job as it stands now, with its result, or `None`
    /// where the fence did not hold. Then somebody else owns the job or it has ended, and nothing
    /// of that commit was written.
    ///
    /// # Errors
    /// [`DatabaseError`]: all of it may have been written or none. Repeating is safe; a repeat of
    /// what was written answers `None`.
    pub async fn commit(
        &self,
        commits: &[Commit],
    ) -> Result<Vec<Option<JobRecord>>, DatabaseError> {
        let batches: Vec<Vec<Statement>> = commits.iter().map(Commit::statements).collect();
        let lengths: Vec<usize> = batches.iter().map(Vec::len).collect();
        let usage = usage::record(commits);
        let tells_usage = usage.is_some();
        let statements = usage.into_iter().chain(batches.into_iter().flatten());
        let mut results = self.batch(statements.collect()).await?;
        if tells_usage {
            results.next()?;
        }
        let mut records: Vec<Option<JobRecord>> = Vec::with_capacity(commits.len());
        for (commit, length) in commits.iter().zip(lengths) {
            for _ in 1..length {
                results.next()?;
            }
            let mut record = results.next()?.decode::<JobRecord>()?.into_iter().next();
            if let (Some(record), Settlement::Succeeded(answered)) =
                (&mut record, &commit.settlement)
            {
                record.result = answered.columns();
            }
            records.push(record);
        }
        Ok(records)
    }
}
