//! Replay: a dead letter back to `queued`, with an entry in the audit log, in one transaction.

use super::{KeyHolder, Store};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::idempotency::{Idempotency, given_up};
use crate::ids::{AuditId, JobId, KeyId, TenantId};
use crate::job::{JobState, Kind, flag};
use crate::request::{GenerateInput, Target};
use serde::Deserialize;

/// The action of the audit log's entries.
const ACTION: &str = "replay";

/// A replay that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReplay {
    /// Its entry in the audit log, fresh: one entry replays once.
    pub audit_id: AuditId,
    /// Whose job it is.
    pub tenant_id: TenantId,
    /// The job.
    pub job_id: JobId,
    /// When it is asked for.
    pub now: Instant,
    /// Who asks.
    pub actor: KeyId,
    /// Failures allowed from now on; `None`: as before.
    pub max_attempts: Option<u32>,
    /// Seconds from now to the deadline; `None`: as before.
    pub deadline_seconds: Option<u32>,
    /// Whom to ask; `None`: as before.
    pub chain: Option<Vec<Target>>,
    /// What is overridden, as the audit log keeps it: a JSON object.
    pub overrides: String,
    /// Why, in the words of who asks.
    pub note: Option<String>,
    /// The request's idempotency key.
    pub idempotency: Option<Idempotency>,
}

/// How things stand after a replay was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayStanding {
    /// The job; `None`: the tenant has no such job.
    pub job: Option<ReplayedJob>,
    /// Who has the idempotency key, when there is one.
    pub key_holder: Option<KeyHolder<AuditId>>,
}

/// A job after a replay was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ReplayedJob {
    /// Where it stands.
    pub state: JobState,
    /// Whether its request was deleted when its time was over.
    #[serde(deserialize_with = "flag")]
    pub payload_deleted: bool,
    /// Whether this very replay put it back, now or at a try before.
    #[serde(deserialize_with = "flag")]
    pub is_replayed: bool,
}

/// What a job is, and what it asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What it is.
    pub kind: Kind,
    /// What it asks of whom; `None` where the request was deleted, or asks no model.
    pub input: Option<GenerateInput>,
}

#[derive(Deserialize)]
struct AskedRow {
    kind: Kind,
    request: Option<String>,
}

impl AskedRow {
    fn read(self) -> Result<Asked, DatabaseError> {
        let request = self.request.filter(|_| self.kind == Kind::Generate);
        let input = request.map(|text| serde_json::from_str(&text));
        Ok(Asked {
            kind: self.kind,
            input: input
                .transpose()
                .map_err(|error| DatabaseError::Corrupt(error.to_string()))?,
        })
    }
}

impl NewReplay {
    fn enter(&self) -> Statement {
        let parameters = vec![
            self.tenant_id.as_str().into(),
            self.job_id.as_str().into(),
            self.audit_id.as_str().into(),
            self.now.into(),
            self.actor.as_str().into(),
            self.overrides.as_str().into(),
            self.note.as_deref().into(),
            ACTION.into(),
            self.idempotency
                .as_ref()
                .map(|given| given.key.as_str())
                .into(),
            self.idempotency
                .as_ref()
                .map(|given| given.request_hash.as_str())
                .into(),
        ];
        Statement::new(
            include_str!("../../sql/insert_audit_of_replay.sql"),
            parameters,
        )
    }

    fn put_back(&self) -> Statement {
        let chain = self.chain.as_ref();
        // Strings always have a JSON spelling.
        let chain = chain.map(|chain| serde_json::to_string(chain).unwrap_or_default());
        let parameters = vec![
            self.tenant_id.as_str().into(),
            self.job_id.as_str().into(),
            self.audit_id.as_str().into(),
            self.now.into(),
            self.actor.as_str().into(),
            self.max_attempts.into(),
            self.deadline_seconds.into(),
            chain.as_deref().into(),
        ];
        Statement::new(include_str!("../../sql/replay_job.sql"), parameters)
    }

    fn look(&self) -> Statement {
        let parameters = vec![
            self.tenant_id.as_str().into(),
            self.job_id.as_str().into(),
            self.audit_id.as_str().into(),
        ];
        Statement::new(include_str!("../../sql/find_replayed.sql"), parameters)
    }
}

impl<D: Database> Store<D> {
    /// What a job is, and whom it asks; `None`: the tenant has no such job.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn asked(
        &self,
        tenant: &TenantId,
        job: &JobId,
    ) -> Result<Option<Asked>, DatabaseError> {
        let parameters = vec![tenant.as_str().into(), job.as_str().into()];
        let result = self
            .run(include_str!("../../sql/find_asked.sql"), parameters)
            .await?;
        let row: Option<AskedRow> = result.decode()?.into_iter().next();
        row.map(AskedRow::read).transpose()
    }

    /// The same of each of these jobs; `None` also where it cannot be read.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn asked_each(
        &self,
        tenant: &TenantId,
        jobs: &[&JobId],
    ) -> Result<Vec<Option<Asked>>, DatabaseError> {
        let find = |job: &&JobId| {
            let parameters = vec![tenant.as_str().into(), job.as_str().into()];
            Statement::new(include_str!("../../sql/find_asked.sql"), parameters)
        };
        let mut results = self.batch(jobs.iter().map(find).collect()).await?;
        let mut asked = Vec::with_capacity(jobs.len());
        for _ in jobs {
            let row = results.next()?.decode_each().next();
            let read = |row: Result<AskedRow, _>| row.and_then(AskedRow::read).ok();
            asked.push(row.and_then(read));
        }
        Ok(asked)
    }

    /// Replay: the job is in `queued` with a fresh budget, if it is dead, its request is there, and
    /// no other replay has the idempotency key.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating with the same entry is safe.
    pub async fn replay(&self, replay: &NewReplay) -> Result<ReplayStanding, DatabaseError> {
        let mut statements = vec![replay.enter(), replay.put_back(), replay.look()];
        if let Some(idempotency) = &replay.idempotency {
            let key: Vec<Value> = vec![
                replay.tenant_id.as_str().into(),
                ACTION.into(),
                idempotency.key.as_str().into(),
            ];
            let mut aged = key.clone();
            aged.push(given_up(replay.now).into());
            let release = include_str!("../../sql/release_audit_key.sql");
            let find = include_str!("../../sql/find_audit_of_replay.sql");
            statements.insert(0, Statement::new(release, aged));
            statements.push(Statement::new(find, key));
        }
        let mut results = self.batch(statements).await?;
        if replay.idempotency.is_some() {
            results.next()?;
        }
        results.next()?;
        results.next()?;
        let job = results.next()?.decode()?.into_iter().next();
        let key_holder = match replay.idempotency {
            Some(_) => results.next()?.decode()?.into_iter().next(),
            None => None,
        };
        Ok(ReplayStanding { job, key_holder })
    }
}
