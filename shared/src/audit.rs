//! The audit log: who did what, written in the very transaction that does it.

use crate::clock::Instant;
use crate::entropy::Entropy;
use crate::ids::{AuditId, KeyId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use utoipa::ToSchema;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Action {
    /// One dead letter was put back.
    #[serde(rename = "replay")]
    Replay,
    /// A replay of many dead letters was begun.
    #[serde(rename = "replay.create")]
    ReplayCreate,
    /// It was paused, by an operator or by itself.
    #[serde(rename = "replay.pause")]
    ReplayPause,
    /// An operator went on with it.
    #[serde(rename = "replay.resume")]
    ReplayResume,
    /// An operator ended it.
    #[serde(rename = "replay.abort")]
    ReplayAbort,
    /// It had put back the last of its letters.
    #[serde(rename = "replay.end")]
    ReplayEnd,
    /// Dead letters were deleted.
    #[serde(rename = "dead_letters.purge")]
    DeadLettersPurge,
    /// A batch was cancelled.
    #[serde(rename = "batch.cancel")]
    BatchCancel,
    /// A job was cancelled.
    #[serde(rename = "job.cancel")]
    JobCancel,
    /// An API key was made.
    #[serde(rename = "key.create")]
    KeyCreate,
    /// An API key was revoked.
    #[serde(rename = "key.revoke")]
    KeyRevoke,
    /// A tenant was made.
    #[serde(rename = "tenant.create")]
    TenantCreate,
    /// A tenant was changed.
    #[serde(rename = "tenant.change")]
    TenantChange,
    /// What only a later version knows.
    #[serde(other, rename = "unknown")]
    Unknown,
}

impl Action {
    /// Every action that is written.
    pub const ALL: [Self; 13] = [
        Self::Replay,
        Self::ReplayCreate,
        Self::ReplayPause,
        Self::ReplayResume,
        Self::ReplayAbort,
        Self::ReplayEnd,
        Self::DeadLettersPurge,
        Self::BatchCancel,
        Self::JobCancel,
        Self::KeyCreate,
        Self::KeyRevoke,
        Self::TenantCreate,
        Self::TenantChange,
    ];

    /// The action as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::ReplayCreate => "replay.create",
            Self::ReplayPause => "replay.pause",
            Self::ReplayResume => "replay.resume",
            Self::ReplayAbort => "replay.abort",
            Self::ReplayEnd => "replay.end",
            Self::DeadLettersPurge => "dead_letters.purge",
            Self::BatchCancel => "batch.cancel",
            Self::JobCancel => "job.cancel",
            Self::KeyCreate => "key.create",
            Self::KeyRevoke => "key.revoke",
            Self::TenantCreate => "tenant.create",
            Self::TenantChange => "tenant.change",
            Self::Unknown => "unknown",
        }
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The holder of an API key.
    Key(KeyId),
    /// The holder of the operator's key.
    Operator,
    /// Redrive itself, in the course of what somebody began.
    System,
}

/// As it is stored and shown: the id of the key, `operator` or `system`.
impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Key(key) => key.as_str(),
            Self::Operator => "operator",
            Self::System => "system",
        })
    }
}

/// Somebody's deed, for which an entry is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The entry's id, fresh.
    pub audit_id: AuditId,
    /// When it is done.
    pub at: Instant,
    /// Who does it.
    pub actor: Actor,
}

impl Deed {
    /// A deed at `now`.
    #[must_use]
    pub fn new(now: Instant, entropy: &impl Entropy, actor: Actor) -> Self {
        Self {
            audit_id: AuditId::new(now, entropy),
            at: now,
            actor,
        }
    }

    /// The entry for it.
    #[must_use]
    pub fn entry(
        &self,
        tenant: &TenantId,
        action: Action,
        subject: impl fmt::Display,
        detail: Value,
    ) -> NewEntry {
        NewEntry {
            id: self.audit_id.clone(),
            tenant_id: tenant.clone(),
            at: self.at,
            actor: self.actor.clone(),
            action,
            subject: subject.to_string(),
            detail,
        }
    }
}

/// An entry that is to be written, if what it tells of takes effect.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// Its id, fresh.
    pub id: AuditId,
    /// Whose log it stands in: the tenant who is concerned, whoever acts.
    pub tenant_id: TenantId,
    /// When it is done.
    pub at: Instant,
    /// Who does it.
    pub actor: Actor,
    /// What is done.
    pub action: Action,
    /// The id of what it is done to.
    pub subject: String,
    /// What else there is to say: an object.
    pub detail: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_written_everywhere_alike() {
        for action in Action::ALL {
            assert_eq!(serde_json::json!(action), action.as_str());
        }
    }
}
