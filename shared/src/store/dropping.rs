//! Answers that met a closed fence: what they cost is kept.

use super::commit::{count, json};
use super::{Commit, Settlement, Store, usage};
use crate::database::{Database, DatabaseError, Statement};
use crate::job::{DroppedAnswer, FallbackRecord, JobRecord};

impl Commit {
    /// What the attempt cost, when it asked a provider that may charge for it.
    #[must_use]
    pub fn dropped(&self) -> Option<DroppedAnswer> {
        let record = self.attempts.last()?;
        let asked = |fallback: &&FallbackRecord| fallback.call().is_some();
        let fallbacks: Vec<FallbackRecord> =
            record.fallbacks.iter().filter(asked).cloned().collect();
        let mut dropped = DroppedAnswer {
            attempt: self.attempt,
            finished_at_ms: self.finished_at,
            provider: record.provider.clone().unwrap_or_default(),
            model: record.model.clone(),
            usage: record.usage,
            cost_micro_usd: record.cost_micro_usd,
            fallbacks,
        };
        match &self.settlement {
            Settlement::Succeeded(answered) => dropped.model = Some(answered.model.clone()),
            Settlement::RetryScheduled { .. }
            | Settlement::Failed { .. }
            | Settlement::DeadLettered { .. } => {
                if record.usage.is_none() && !record.possibly_billed {
                    // The one that decided costs nothing; one before it may.
                    let costs = |one: &FallbackRecord| one.usage.is_some() || one.possibly_billed;
                    let index = dropped.fallbacks.iter().rposition(costs)?;
                    let fallback = dropped.fallbacks.remove(index);
                    dropped.provider = fallback.provider;
                    dropped.model = Some(fallback.model);
                    dropped.usage = fallback.usage;
                    dropped.cost_micro_usd = fallback.cost_micro_usd;
                }
            }
        }
        (!dropped.provider.is_empty()).then_some(dropped)
    }
}

impl<D: Database> Store<D> {
    /// Keeps what the answer of a commit cost whose fence was closed, once an attempt, and adds it to
    /// the usage of its day. Answers the job with it; `None` when there is no such job any more, or
    /// the attempt cost nothing.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn record_dropped_answer(
        &self,
        commit: &Commit,
    ) -> Result<Option<JobRecord>, DatabaseError> {
        let Some(dropped) = commit.dropped() else {
            return Ok(None);
        };
        let key = vec![
            commit.tenant_id.as_str().into(),
            commit.job_id.as_str().into(),
        ];
        let mut parameters = key.clone();
        parameters.extend([dropped.attempt.into(), json(&dropped), count(commit.cost())]);
        let record = include_str!("../../sql/record_dropped_answer.sql");
        let read = include_str!("../../sql/get_job.sql");
        let usage = usage::record_dropped(commit);
        let rest = usize::from(usage.is_some()) + 1;
        let statements = usage.into_iter().chain([
            Statement::new(record, parameters),
            Statement::new(read, key),
        ]);
        let mut results = self.batch(statements.collect()).await?;
        for _ in 0..rest {
            results.next()?;
        }
        Ok(results.next()?.decode()?.into_iter().next())
    }
}
