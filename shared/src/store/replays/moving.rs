//! A step of a replay: the letters that it looks at, those that it puts back, and where it leaves the row.

use super::row::{ReplayRow, ReplayStatus};
use super::{GET, enter, key};
use crate::audit::{Action, Actor, NewEntry};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement};
use crate::ids::{AuditId, JobId};
use crate::job::{Kind, flag};
use crate::request::Target;
use crate::store::Store;
use crate::store::dead_letters::picked;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A letter that a step may put back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Candidate {
    /// Its job.
    pub id: JobId,
    /// What is to be done for it.
    pub kind: Kind,
    /// Whether its request was deleted, so that it cannot be put back.
    #[serde(deserialize_with = "flag")]
    pub payload_deleted: bool,
}

/// A letter that a step puts back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PutBack {
    /// Its job.
    pub id: JobId,
    /// Whom to ask; `None`: as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Vec<Target>>,
}

/// A step of a replay: what it puts back, and where that leaves the row.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayMove {
    /// When the step is taken.
    pub now: Instant,
    /// The letters to put back.
    pub letters: Vec<PutBack>,
    /// Letters looked at, those to put back among them.
    pub looked_at: usize,
    /// The last letter looked at.
    pub last: Option<JobId>,
    /// Where the replay stands then.
    pub status: ReplayStatus,
    /// Why it paused by itself.
    pub reason: Option<String>,
    /// When the next step is due.
    pub due_at: Option<Instant>,
    /// Whether its sample is found good enough by this step.
    pub sample_passed: bool,
    /// An entry of the audit log for a change of status, fresh.
    pub audit_id: AuditId,
}

impl ReplayMove {
    /// The letters as the statements take them.
    fn letters(&self) -> String {
        // Ids and names always have a JSON form.
        serde_json::to_string(&self.letters).unwrap_or_default()
    }

    fn statements(&self, row: &ReplayRow) -> Vec<Statement> {
        let letters = self.letters();
        let mut step = key(&row.tenant_id, &row.id);
        step.extend([row.step.into(), letters.as_str().into()]);
        let mut statements = Vec::new();
        if !self.letters.is_empty() {
            let mut items = step.clone();
            items.push(row.created_at.into());
            let mut jobs = items.clone();
            jobs.extend([
                self.now.into(),
                row.id.entry().as_str().into(),
                row.actor.as_str().into(),
                row.overrides.max_attempts.into(),
                row.overrides.deadline_seconds.into(),
            ]);
            let insert = include_str!("../../../sql/insert_replay_items.sql");
            let put_back = include_str!("../../../sql/put_back_letters.sql");
            statements.push(Statement::new(insert, items));
            statements.push(Statement::new(put_back, jobs));
        }
        step.extend([
            i64::try_from(self.looked_at).unwrap_or(i64::MAX).into(),
            self.last.as_ref().map(JobId::as_str).into(),
            self.now.into(),
            self.status.as_str().into(),
            self.reason.as_deref().into(),
            self.due_at.into(),
            self.sample_passed.into(),
        ]);
        statements.push(Statement::new(
            include_str!("../../../sql/move_replay.sql"),
            step,
        ));
        statements.extend(self.entry(row));
        statements.push(Statement::new(GET, key(&row.tenant_id, &row.id)));
        statements
    }

    /// The entry for a change of status that nobody asked for.
    fn entry(&self, row: &ReplayRow) -> Option<Statement> {
        let action = match self.status {
            ReplayStatus::Running | ReplayStatus::Aborted => return None,
            ReplayStatus::Paused => Action::ReplayPause,
            ReplayStatus::Completed => Action::ReplayEnd,
        };
        let entry = NewEntry {
            id: self.audit_id.clone(),
            tenant_id: row.tenant_id.clone(),
            at: self.now,
            actor: Actor::System,
            action,
            subject: row.id.to_string(),
            detail: json!({}),
        };
        Some(enter(&row.tenant_id, &row.id, &entry))
    }
}

impl<D: Database> Store<D> {
    /// At most `limit` of the letters that a replay means and has not looked at yet, by the age of
    /// their jobs. Reads only.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn pick_letters(
        &self,
        row: &ReplayRow,
        limit: u32,
    ) -> Result<Vec<Candidate>, DatabaseError> {
        let mut parameters = picked(&row.tenant_id, &row.filter, None);
        if let (Some(last), Some(from)) = (&row.last_job_id, parameters.get_mut(2)) {
            // All ids are of one length, so that nothing lies between this text and the next id.
            *from = format!("{last}+").into();
        }
        parameters.extend([limit.into(), row.created_at.into()]);
        self.run(include_str!("../../../sql/pick_letters.sql"), parameters)
            .await?
            .decode()
    }

    /// A step: letters are back in `queued`, and the row says how far it is, in one transaction, if
    /// nobody took another step since `row` was read. Answers the row as it is then.
    ///
    /// # Errors
    /// [`DatabaseError`]: the step may have been taken. Repeating is safe.
    pub async fn move_replays(
        &self,
        row: &ReplayRow,
        moved: &ReplayMove,
    ) -> Result<Option<ReplayRow>, DatabaseError> {
        let statements = moved.statements(row);
        let before = statements.len() - 1;
        let mut results = self.batch(statements).await?;
        for _ in 0..before {
            results.next()?;
        }
        Ok(results.next()?.decode()?.into_iter().next())
    }
}
