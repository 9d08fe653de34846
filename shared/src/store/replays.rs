//! Replays of many letters: their rows, and the statements that move them.

use super::dead_letters::{DeadLetterGroups, picked};
use super::{KeyHolder, Store};
use crate::audit::{Action, Actor, Deed, NewEntry};
use crate::clock::Instant;
use crate::configuration::Cost;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::dead_letter::filter::DeadLetterFilter;
use crate::idempotency::{Idempotency, given_up};
use crate::ids::{AuditId, JobId, ReplayId, TenantId};
use crate::job::{JobState, Kind, flag, json_text};
use crate::replay::Overrides;
use crate::request::Target;
use serde::{Deserialize, Serialize};
use serde_json::json;

const GET: &str = include_str!("../../sql/get_replay.sql");

/// Where a replay of many letters stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayStatus {
    /// It puts letters back, or waits for its sample.
    Running,
    /// It waits for an operator.
    Paused,
    /// All its letters were put back or passed over.
    Completed,
    /// An operator ended it.
    Aborted,
}

impl ReplayStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Running, Self::Paused, Self::Completed, Self::Aborted];

    /// The status as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Aborted => "aborted",
        }
    }

    /// Whether nothing moves it any more.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        match self {
            Self::Running | Self::Paused => false,
            Self::Completed | Self::Aborted => true,
        }
    }
}

/// Letters that are tried before the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleTerms {
    /// How many.
    pub letters: u32,
    /// How many percent of them must succeed.
    pub percent: u32,
}

/// A replay of many letters that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReplays {
    /// Its id, fresh.
    pub id: ReplayId,
    /// Whose letters they are.
    pub tenant_id: TenantId,
    /// When it is asked for: letters that die later are not meant.
    pub now: Instant,
    /// Who asks.
    pub actor: Actor,
    /// Why, in the words of who asks.
    pub note: Option<String>,
    /// Which letters.
    pub filter: DeadLetterFilter,
    /// What is different this time.
    pub overrides: Overrides,
    /// Letters a second.
    pub max_per_second: u32,
    /// When its first step is due.
    pub due_at: Instant,
    /// Letters to try first.
    pub sample: Option<SampleTerms>,
}

/// A replay of many letters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ReplayRow {
    /// Whose letters they are.
    pub tenant_id: TenantId,
    /// Its id.
    pub id: ReplayId,
    /// Where it stands.
    pub status: ReplayStatus,
    /// Why it paused by itself.
    pub reason: Option<String>,
    /// Who asked for it.
    pub actor: String,
    /// Why, in the words of who asked.
    pub note: Option<String>,
    /// Which letters.
    #[serde(rename = "selection", deserialize_with = "json_text")]
    pub filter: DeadLetterFilter,
    /// What is different this time.
    #[serde(deserialize_with = "json_text")]
    pub overrides: Overrides,
    /// Letters a second.
    pub max_per_second: u32,
    /// Letters to try first.
    pub sample_count: Option<u32>,
    /// How many percent of those must succeed.
    pub sample_percent: Option<u32>,
    /// When the sample was good enough, or an operator went on without; `None`: no sample, or not yet.
    #[serde(rename = "sampled_at_ms")]
    pub sampled_at: Option<Instant>,
    /// Letters that matched when it was made.
    pub matched: u64,
    /// Letters put back so far.
    pub replayed: u64,
    /// Letters passed over so far.
    pub skipped: u64,
    /// When it was made.
    #[serde(rename = "created_at_ms")]
    pub created_at: Instant,
    /// From when its pace counts.
    #[serde(rename = "paced_at_ms")]
    pub paced_at: Instant,
    /// How many had been put back then.
    pub paced_replayed: u64,
    /// When it ended.
    #[serde(rename = "finished_at_ms")]
    pub finished_at: Option<Instant>,
    /// When its next step is due; `None`: it is paused or has ended.
    #[serde(rename = "due_at_ms")]
    pub due_at: Option<Instant>,
    /// Steps taken: the fence of the next one.
    pub step: i64,
    /// The last letter that was looked at.
    pub last_job_id: Option<JobId>,
}

impl ReplayRow {
    /// The sample that has not been judged yet.
    #[must_use]
    pub fn open_sample(&self) -> Option<SampleTerms> {
        self.sample().filter(|_| self.sampled_at.is_none())
    }

    /// The sample, if one was asked for.
    #[must_use]
    pub fn sample(&self) -> Option<SampleTerms> {
        let (letters, percent) = self.sample_count.zip(self.sample_percent)?;
        Some(SampleTerms { letters, percent })
    }

    /// Letters that were neither put back nor passed over.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        let done = self.replayed.saturating_add(self.skipped);
        self.matched.saturating_sub(done)
    }
}

/// How things stand after a replay was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaysStanding {
    /// How many letters match, where it was made, by this call or by a try before.
    pub matched: Option<u64>,
    /// The tenant's replay that runs or is paused: this one, or another.
    pub active: Option<ReplayId>,
    /// Who has the idempotency key, and how many letters it matched.
    pub key_holder: Option<(KeyHolder<ReplayId>, u64)>,
}

#[derive(Deserialize)]
struct StandingRow {
    id: ReplayId,
    status: ReplayStatus,
    matched: u64,
    request_hash: Option<String>,
    #[serde(deserialize_with = "flag")]
    has_key: bool,
}

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

/// What a replay of these letters would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayPreview {
    /// The letters by their causes.
    pub groups: DeadLetterGroups,
    /// How many there are of each kind and model.
    pub models: Vec<LettersOfModel>,
}

/// Letters of one kind and model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LettersOfModel {
    /// What is to be done.
    pub kind: Kind,
    /// The model asked for.
    pub model: Option<String>,
    /// How many there are.
    pub letters: u64,
    /// How many of them have lost their request.
    pub without_payload: u64,
}

/// What an operator does with a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayControl {
    /// It waits from now on.
    Pause,
    /// It goes on; its next step is due at this instant.
    Resume(Instant),
    /// It ends.
    Abort,
}

impl ReplayControl {
    /// What the audit log calls it.
    #[must_use]
    pub const fn action(self) -> Action {
        match self {
            Self::Pause => Action::ReplayPause,
            Self::Resume(_) => Action::ReplayResume,
            Self::Abort => Action::ReplayAbort,
        }
    }

    /// The status that it leads to.
    #[must_use]
    pub const fn leads_to(self) -> ReplayStatus {
        match self {
            Self::Pause => ReplayStatus::Paused,
            Self::Resume(_) => ReplayStatus::Running,
            Self::Abort => ReplayStatus::Aborted,
        }
    }
}

fn key(tenant: &TenantId, replay: &ReplayId) -> Vec<Value> {
    vec![tenant.as_str().into(), replay.as_str().into()]
}

/// The entry for a change of a replay, written when the statement right before it changed the row.
fn enter(tenant: &TenantId, replay: &ReplayId, entry: &NewEntry) -> Statement {
    let mut parameters = key(tenant, replay);
    parameters.extend([
        entry.id.as_str().into(),
        entry.at.into(),
        entry.actor.to_string().into(),
        entry.action.as_str().into(),
        entry.detail.to_string().into(),
    ]);
    Statement::new(
        include_str!("../../sql/insert_audit_of_replays.sql"),
        parameters,
    )
}

impl NewReplays {
    fn insert(&self, idempotency: Option<&Idempotency>) -> Statement {
        let mut parameters = picked(&self.tenant_id, &self.filter, None);
        // Strings and numbers always have a JSON form.
        let overrides = serde_json::to_string(&self.overrides).unwrap_or_default();
        parameters.extend([
            self.id.as_str().into(),
            self.now.into(),
            self.actor.to_string().into(),
            self.note.as_deref().into(),
            overrides.into(),
            self.max_per_second.into(),
            self.due_at.into(),
            self.sample.map(|sample| sample.letters).into(),
            self.sample.map(|sample| sample.percent).into(),
            idempotency.map(|given| given.key.as_str()).into(),
            idempotency.map(|given| given.request_hash.as_str()).into(),
        ]);
        Statement::new(include_str!("../../sql/insert_replay.sql"), parameters)
    }

    fn entry(&self) -> Statement {
        let entry = NewEntry {
            id: self.id.entry(),
            tenant_id: self.tenant_id.clone(),
            at: self.now,
            actor: self.actor.clone(),
            action: Action::ReplayCreate,
            subject: self.id.to_string(),
            detail: json!({
                "filter": self.filter,
                "overrides": self.overrides,
                "maxPerSecond": self.max_per_second,
                "sample": self.sample.map(|sample| json!({
                    "count": sample.letters, "minSuccessPercent": sample.percent,
                })),
                "note": self.note,
            }),
        };
        enter(&self.tenant_id, &self.id, &entry)
    }
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
            let insert = include_str!("../../sql/insert_replay_items.sql");
            let put_back = include_str!("../../sql/put_back_letters.sql");
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
            include_str!("../../sql/move_replay.sql"),
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
    /// A replay of many letters begins, if any letter matches, and no other of the tenant's runs or
    /// is paused, and none has the idempotency key.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating with the same ids is safe.
    pub async fn insert_replays(
        &self,
        new: &NewReplays,
        idempotency: Option<&Idempotency>,
    ) -> Result<ReplaysStanding, DatabaseError> {
        let tenant: Value = new.tenant_id.as_str().into();
        let name: Value = idempotency.map(|given| given.key.as_str()).into();
        let release = vec![tenant.clone(), name.clone(), given_up(new.now).into()];
        let mut results = self
            .batch(vec![
                Statement::new(include_str!("../../sql/release_replay_key.sql"), release),
                new.insert(idempotency),
                new.entry(),
                Statement::new(
                    include_str!("../../sql/find_replay_standing.sql"),
                    vec![tenant, name],
                ),
            ])
            .await?;
        for _ in 0..3 {
            results.next()?;
        }
        let rows: Vec<StandingRow> = results.next()?.decode()?;
        let mut standing = ReplaysStanding {
            matched: None,
            active: None,
            key_holder: None,
        };
        for row in rows {
            if row.id == new.id {
                standing.matched = Some(row.matched);
            }
            if !row.status.is_ended() {
                standing.active = Some(row.id.clone());
            }
            if let Some(request_hash) = row.request_hash.filter(|_| row.has_key) {
                let id = row.id;
                standing.key_holder = Some((KeyHolder { id, request_hash }, row.matched));
            }
        }
        Ok(standing)
    }

    /// What a replay of these letters would do. Reads only.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn preview_replays(
        &self,
        tenant: &TenantId,
        filter: &DeadLetterFilter,
    ) -> Result<ReplayPreview, DatabaseError> {
        let models = include_str!("../../sql/count_letters_by_model.sql");
        let mut results = self
            .batch(vec![
                Self::group(tenant, filter),
                Statement::new(models, picked(tenant, filter, None)),
            ])
            .await?;
        Ok(ReplayPreview {
            groups: DeadLetterGroups::read(results.next()?)?,
            models: results.next()?.decode()?,
        })
    }

    /// One replay of many letters; `None`: the tenant has no such replay.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn find_replays(
        &self,
        tenant: &TenantId,
        replay: &ReplayId,
    ) -> Result<Option<ReplayRow>, DatabaseError> {
        let result = self.run(GET, key(tenant, replay)).await?;
        Ok(result.decode()?.into_iter().next())
    }

    /// At most `limit` of the tenant's replays of many letters, newest first; those older than
    /// `after`, where a page before ended with that one.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn list_replays(
        &self,
        tenant: &TenantId,
        after: Option<&ReplayId>,
        limit: u32,
    ) -> Result<Vec<ReplayRow>, DatabaseError> {
        let before = after.map_or("rep_~", ReplayId::as_str);
        let parameters = vec![tenant.as_str().into(), before.into(), limit.into()];
        self.run(include_str!("../../sql/list_replays.sql"), parameters)
            .await?
            .decode()
    }

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
        self.run(include_str!("../../sql/list_replay_items.sql"), parameters)
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
            let sql = include_str!("../../sql/get_replay_outcomes.sql");
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
        self.run(include_str!("../../sql/pick_letters.sql"), parameters)
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

    /// Pauses a replay, goes on with it, or ends it, with an entry in the audit log. Answers the row
    /// as it is then, whether that changed it or not.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn control_replays(
        &self,
        tenant: &TenantId,
        replay: &ReplayId,
        control: ReplayControl,
        deed: &Deed,
    ) -> Result<Option<ReplayRow>, DatabaseError> {
        let entry = deed.entry(tenant, control.action(), replay, json!({}));
        let (due_at, from) = match control {
            ReplayControl::Pause => (None, Some(ReplayStatus::Running)),
            ReplayControl::Resume(due_at) => (Some(due_at), Some(ReplayStatus::Paused)),
            ReplayControl::Abort => (None, None),
        };
        let mut parameters = key(tenant, replay);
        parameters.extend([
            deed.at.into(),
            control.leads_to().as_str().into(),
            due_at.into(),
            from.map(ReplayStatus::as_str).into(),
        ]);
        let mut results = self
            .batch(vec![
                Statement::new(include_str!("../../sql/control_replay.sql"), parameters),
                enter(tenant, replay, &entry),
                Statement::new(GET, key(tenant, replay)),
            ])
            .await?;
        results.next()?;
        results.next()?;
        Ok(results.next()?.decode()?.into_iter().next())
    }
}

impl ReplayRow {
    fn count_sample(&self) -> Statement {
        let mut parameters = key(&self.tenant_id, &self.id);
        parameters.push(self.sample_count.unwrap_or_default().into());
        Statement::new(include_str!("../../sql/count_sample.sql"), parameters)
    }
}
