//! API keys.

use super::Store;
use super::tenants::wanted;
use crate::audit::{Action, Deed};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement};
use crate::ids::{KeyId, TenantId};
use crate::request::Wanted;
use serde::Deserialize;

const GET_KEY: &str = include_str!("../../sql/get_key.sql");

/// A key to be stored; the key itself is not here, only its keyed hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// Keyed hash, hex.
    pub hash: String,
    /// The key's public name.
    pub id: KeyId,
    /// Whose key it is.
    pub tenant_id: TenantId,
    /// What its owner calls it.
    pub name: String,
    /// Its first characters, to recognise it by.
    pub start: String,
    /// Scopes, separated by single spaces.
    pub scopes: String,
    /// When it was made.
    pub created_at: Instant,
    /// From when on it is refused; `None`: never.
    pub expires_at: Option<Instant>,
}

/// A stored key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct KeyRow {
    /// Keyed hash, hex; only where a key was looked up by it.
    #[serde(default)]
    pub hash: String,
    /// The key's public name.
    pub id: KeyId,
    /// Whose key it is.
    pub tenant_id: TenantId,
    /// What its owner calls it.
    pub name: String,
    /// Its first characters, to recognise it by.
    pub start: String,
    /// Scopes, separated by single spaces.
    pub scopes: String,
    /// When it was made.
    #[serde(rename = "created_at_ms")]
    pub created_at: Instant,
    /// From when on it is refused; `None`: never.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Option<Instant>,
    /// When it was revoked; `None`: it was not.
    #[serde(rename = "revoked_at_ms")]
    pub revoked_at: Option<Instant>,
    /// Whom its tenant's jobs ask that name nobody; only where the key was looked up by its hash.
    #[serde(default, deserialize_with = "wanted")]
    pub default_providers: Vec<Wanted>,
}

impl<D: Database> Store<D> {
    /// Stores a key, with an entry in the audit log where somebody is named. Answers `false` when
    /// there is no such tenant.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn insert_key(
        &self,
        key: &NewKey,
        deed: Option<&Deed>,
    ) -> Result<bool, DatabaseError> {
        let parameters = vec![
            key.hash.as_str().into(),
            key.id.as_str().into(),
            key.tenant_id.as_str().into(),
            key.name.as_str().into(),
            key.start.as_str().into(),
            key.scopes.as_str().into(),
            key.created_at.into(),
            key.expires_at.into(),
        ];
        let insert = Statement::new(include_str!("../../sql/insert_key.sql"), parameters);
        let entry = deed.map(|deed| enter(&key.id, Action::KeyCreate, deed));
        let mut results = self
            .batch([insert].into_iter().chain(entry).collect())
            .await?;
        Ok(results.next()?.changes > 0)
    }

    /// The key with this public name, revoked and expired ones too.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn key(&self, key: &KeyId) -> Result<Option<KeyRow>, DatabaseError> {
        let result = self.run(GET_KEY, vec![key.as_str().into()]).await?;
        Ok(result.decode()?.into_iter().next())
    }

    /// The key with this hash, revoked and expired ones too.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn find_key(&self, hash: &str) -> Result<Option<KeyRow>, DatabaseError> {
        let result = self
            .run(include_str!("../../sql/find_key.sql"), vec![hash.into()])
            .await?;
        Ok(result.decode()?.into_iter().next())
    }

    /// At most `limit` keys of a tenant, oldest first, after the key `after`.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn keys(
        &self,
        tenant: &TenantId,
        after: Option<&KeyId>,
        limit: u32,
    ) -> Result<Vec<KeyRow>, DatabaseError> {
        let after = after.map_or("", KeyId::as_str);
        let parameters = vec![tenant.as_str().into(), after.into(), limit.into()];
        self.run(include_str!("../../sql/list_keys.sql"), parameters)
            .await?
            .decode()
    }

    /// Revokes a key, with an entry in the audit log where somebody is named; a second time changes
    /// nothing. `None` when there is no such key.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn revoke_key(
        &self,
        key: &KeyId,
        now: Instant,
        deed: Option<&Deed>,
    ) -> Result<Option<KeyRow>, DatabaseError> {
        let parameters = vec![key.as_str().into(), now.into()];
        let mut statements = vec![Statement::new(
            include_str!("../../sql/revoke_key.sql"),
            parameters,
        )];
        statements.extend(deed.map(|deed| enter(key, Action::KeyRevoke, deed)));
        let before = statements.len();
        statements.push(Statement::new(GET_KEY, vec![key.as_str().into()]));
        let mut results = self.batch(statements).await?;
        for _ in 0..before {
            results.next()?;
        }
        Ok(results.next()?.decode()?.into_iter().next())
    }
}

/// The entry for a key, written when the statement right before it in the same batch changed it.
fn enter(key: &KeyId, action: Action, deed: &Deed) -> Statement {
    let parameters = vec![
        key.as_str().into(),
        deed.audit_id.as_str().into(),
        deed.at.into(),
        deed.actor.to_string().into(),
        action.as_str().into(),
    ];
    Statement::new(
        include_str!("../../sql/insert_audit_of_key.sql"),
        parameters,
    )
}
