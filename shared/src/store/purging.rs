//! Purge: dead letters are deleted, counted before and noted in the audit log.

use super::Store;
use super::dead_letters::picked;
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::dead_letter::filter::DeadLetterFilter;
use crate::ids::{AuditId, JobId, TenantId};
use serde::Deserialize;

/// The most letters that one purge deletes.
pub const PURGED_LETTERS: u32 = 25_000;

/// A purge that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPurge {
    /// Its entry in the audit log, fresh.
    pub audit_id: AuditId,
    /// Whose letters they are.
    pub tenant_id: TenantId,
    /// When it is asked for: letters that die later are not meant.
    pub now: Instant,
    /// Who asks: the id of the API key.
    pub actor: String,
    /// Which letters.
    pub filter: DeadLetterFilter,
    /// How many there are, as the caller counted.
    pub expected: u32,
    /// Why, in the words of who asks.
    pub note: Option<String>,
}

/// How things stand before anything is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgeGround {
    /// How many letters match.
    pub matched: u64,
    /// Those letters, at most [`PURGED_LETTERS`].
    pub letters: Vec<JobId>,
    /// Whether they are as many as was counted, so that the entry is written.
    pub is_entered: bool,
}

impl<D: Database> Store<D> {
    /// The letters that match, and the entry in the audit log if they are as many as was counted, in
    /// one transaction.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating with the same entry is safe.
    pub async fn begin_purge(&self, purge: &NewPurge) -> Result<PurgeGround, DatabaseError> {
        #[derive(Deserialize)]
        struct Letter {
            id: JobId,
            letters: u64,
        }
        let mut list = picked(&purge.tenant_id, &purge.filter, None);
        let mut enter = list.clone();
        list.extend([PURGED_LETTERS.into(), purge.now.into()]);
        enter.extend([
            purge.audit_id.as_str().into(),
            purge.now.into(),
            purge.actor.as_str().into(),
            purge.expected.into(),
            purge.note.as_deref().into(),
        ]);
        let find = vec![
            purge.tenant_id.as_str().into(),
            purge.audit_id.as_str().into(),
        ];
        let mut results = self
            .batch(vec![
                Statement::new(include_str!("../../sql/list_letters_to_purge.sql"), list),
                Statement::new(include_str!("../../sql/insert_audit_of_purge.sql"), enter),
                Statement::new(include_str!("../../sql/find_audit.sql"), find),
            ])
            .await?;
        let letters: Vec<Letter> = results.next()?.decode()?;
        results.next()?;
        Ok(PurgeGround {
            matched: letters.first().map_or(0, |letter| letter.letters),
            letters: letters.into_iter().map(|letter| letter.id).collect(),
            is_entered: !results.next()?.rows.is_empty(),
        })
    }

    /// Deletes those of these letters that are still dead and have not died again since, and counts
    /// them in the entry, in one transaction. Answers how many the purge has deleted so far.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn purge_letters(
        &self,
        purge: &NewPurge,
        letters: &[JobId],
    ) -> Result<u64, DatabaseError> {
        #[derive(Deserialize)]
        struct Row {
            purged: u64,
        }
        // Ids always have a JSON form.
        let letters = serde_json::to_string(letters).unwrap_or_default();
        let tenant: Value = purge.tenant_id.as_str().into();
        let parameters = vec![tenant.clone(), letters.into(), purge.now.into()];
        let mut results = self
            .batch(vec![
                Statement::new(
                    include_str!("../../sql/delete_results_of_letters.sql"),
                    parameters.clone(),
                ),
                Statement::new(include_str!("../../sql/delete_letters.sql"), parameters),
                Statement::new(
                    include_str!("../../sql/note_purged.sql"),
                    vec![tenant, purge.audit_id.as_str().into()],
                ),
            ])
            .await?;
        results.next()?;
        results.next()?;
        let row: Option<Row> = results.next()?.decode()?.into_iter().next();
        Ok(row.map_or(0, |row| row.purged))
    }
}
