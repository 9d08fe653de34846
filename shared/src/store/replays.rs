//! Replays of many letters: asked for, looked up, paused and ended.

mod moving;
mod outcomes;
mod row;

pub use moving::{Candidate, PutBack, ReplayMove};
pub use outcomes::{ReplayItem, ReplayOutcomes, SampleStanding};
pub use row::{ReplayRow, ReplayStatus, SampleTerms};

use super::dead_letters::{DeadLetterGroups, picked};
use super::{KeyHolder, Store};
use crate::audit::{Action, Actor, Deed, NewEntry};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::dead_letter::filter::DeadLetterFilter;
use crate::idempotency::{Idempotency, given_up};
use crate::ids::{ReplayId, TenantId};
use crate::job::{Kind, flag};
use crate::replay::Overrides;
use serde::Deserialize;
use serde_json::json;

const GET: &str = include_str!("../../sql/get_replay.sql");

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
                    vec![tenant, name, new.id.as_str().into()],
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
