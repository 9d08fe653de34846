//! The bodies of answers about the audit log and what a purge deletes.

use super::dead_letters::DeadLetterGroupDocument;
use redrive_shared::audit::Action;
use redrive_shared::clock::Instant;
use redrive_shared::store::{AuditRecord, DeadLetterGroups};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A page of the audit log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditPage {
    /// The entries, newest first.
    pub(crate) data: Vec<AuditDocument>,
    /// What to send as `cursor` for the next page, with the same filters; `null` on the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// An entry of the audit log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditDocument {
    /// The entry.
    #[schema(example = "aud_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    audit_id: String,
    /// When it was done.
    at: String,
    /// Who did it: the id of an API key, `operator` for the holder of the operator's key, `system`
    /// for what Redrive did in the course of what somebody began.
    #[schema(example = "key_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    actor: String,
    /// What was done.
    action: Action,
    /// The id of what it was done to.
    #[schema(example = "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    subject: String,
    /// What else there is to say; its fields are those of the action.
    #[schema(value_type = Object)]
    detail: Value,
}

impl From<AuditRecord> for AuditDocument {
    fn from(record: AuditRecord) -> Self {
        Self {
            audit_id: record.id.to_string(),
            at: Instant::to_rfc3339(record.at),
            actor: record.actor,
            action: record.action,
            subject: record.subject,
            detail: record.detail,
        }
    }
}

/// What a purge did, or with `dryRun` what it would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum PurgeDocument {
    /// It deleted.
    Done(PurgedDocument),
    /// It would delete.
    Preview(PurgePreviewDocument),
}

/// What a purge did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PurgedDocument {
    /// Dead letters that are gone.
    pub(crate) purged: u64,
    /// Those of the letters counted that are left: they were replayed meanwhile, or there was no time
    /// for them.
    pub(crate) remaining: u64,
    /// The entry in the audit log.
    #[schema(example = "aud_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) audit_id: String,
}

/// What a purge would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PurgePreviewDocument {
    /// Dead letters that match: what to send as `expectedCount`.
    matched: u64,
    /// The letters by their causes: those of the most letters first, at most 100.
    groups: Vec<DeadLetterGroupDocument>,
}

impl From<DeadLetterGroups> for PurgePreviewDocument {
    fn from(groups: DeadLetterGroups) -> Self {
        Self {
            matched: groups.letters,
            groups: groups.groups.into_iter().map(Into::into).collect(),
        }
    }
}
