//! What became of the letters that a replay put back.

use super::key;
use super::row::ReplayRow;
use crate::configuration::Cost;
use crate::database::{Database, DatabaseError, Statement};
use crate::ids::{JobId, ReplayId, TenantId};
use crate::job::JobState;
use crate::store::Store;
use serde::Deserialize;

/// What became of the letters that a replay put back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ReplayOutcomes {
    queued: u64,
    running: u64,
    retry_scheduled: u64,
    succeeded: u64,
    failed: u64,
    dead_lettered: u64,
    cancelled: u64,
    /// What those that ended cost since, in micro-dollars, where that is known.
    pub cost_micro_usd: Option<Cost>,
}

impl ReplayOutcomes {
    /// How many are in a state.
    #[must_use]
    pub const fn in_state(self, state: JobState) -> u64 {
        match state {
            JobState::Queued => self.queued,
            JobState::Running => self.running,
            JobState::RetryScheduled => self.retry_scheduled,
            JobState::Succeeded => self.succeeded,
            JobState::Failed => self.failed,
            JobState::DeadLettered => self.dead_lettered,
            JobState::Cancelled => self.cancelled,
        }
    }
}

/// How a sample stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SampleStanding {
    /// Letters of it that have ended.
    pub finished: u32,
    /// Those of them that succeeded.
    pub succeeded: u32,
}

/// A letter that a replay put back, and where its job stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReplayItem {
    /// Its job.
    pub id: JobId,
    /// Where it stands, until another replay puts it back.
    pub state: JobState,
}

impl<D: Database> Store<D> {
    /// At most `limit` of the letters that a replay put back, by the age of their jobs; those newer
    /// than `after`, where a page before ended with that one.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn replay_items(
        &self,
        tenant: &TenantId,
        replay: &ReplayId,
        after: Option<&JobId>,
        limit: u32,
    ) -> Result<Vec<ReplayItem>, DatabaseError> {
        let mut parameters = key(tenant, replay);
        parameters.extend([after.map_or("", JobId::as_str).into(), limit.into()]);
        self.run(
            include_str!("../../../sql/list_replay_items.sql"),
            parameters,
        )
        .await?
        .decode()
    }

    /// Of each of these replays, what became of the letters that it put back, and of its sample.
    /// Reads only.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn replay_outcomes(
        &self,
        rows: &[ReplayRow],
    ) -> Result<Vec<(ReplayOutcomes, SampleStanding)>, DatabaseError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let count = |row: &ReplayRow| {
            let sql = include_str!("../../../sql/get_replay_outcomes.sql");
            let outcomes = Statement::new(sql, key(&row.tenant_id, &row.id));
            [outcomes, row.count_sample()]
        };
        let mut results = self.batch(rows.iter().flat_map(count).collect()).await?;
        let mut each = Vec::with_capacity(rows.len());
        for _ in rows {
            let outcomes = results.next()?.decode()?.into_iter().next();
            let outcomes: ReplayOutcomes = outcomes.unwrap_or_default();
            let sample = results.next()?.decode()?.into_iter().next();
            each.push((outcomes, sample.unwrap_or_default()));
        }
        Ok(each)
    }

    /// How the sample of a replay stands. Reads only.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn sample_standing(&self, row: &ReplayRow) -> Result<SampleStanding, DatabaseError> {
        let result = self.batch(vec![row.count_sample()]).await?.next()?;
        Ok(result.decode()?.into_iter().next().unwrap_or_default())
    }
}

impl ReplayRow {
    fn count_sample(&self) -> Statement {
        let mut parameters = key(&self.tenant_id, &self.id);
        parameters.push(self.sample_count.unwrap_or_default().into());
        Statement::new(include_str!("../../../sql/count_sample.sql"), parameters)
    }
}
