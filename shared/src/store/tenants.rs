//! Tenants, and for how long what is theirs is kept.

use super::Store;
use super::auditing::enter;
use crate::audit::{Action, Deed};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};
use crate::ids::TenantId;
use crate::request::Wanted;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Value as Json, json};

/// For how long the request and the output of a job are kept when nobody says: a week.
pub const PAYLOAD_RETENTION_SECONDS: u32 = 604_800;

/// For how long a job is kept when nobody says: 30 days.
pub const RETENTION_SECONDS: u32 = 2_592_000;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TenantRow {
    /// Its id.
    pub id: TenantId,
    /// What the operator calls it.
    pub name: String,
    /// When it was made.
    #[serde(rename = "created_at_ms")]
    pub created_at: Instant,
    /// Seconds from a job's end to the deletion of its request and output.
    pub payload_retention_seconds: u32,
    /// Seconds from a job's end to the deletion of its row; not fewer.
    pub retention_seconds: u32,
    /// Whom its jobs ask that name nobody; empty: as the deployment says.
    #[serde(default, deserialize_with = "wanted")]
    pub default_providers: Vec<Wanted>,
}

/// Reads a column that holds a list as JSON, or NULL for an empty one.
pub(super) fn wanted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Wanted>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let list = text.map(|text| serde_json::from_str(&text).map_err(D::Error::custom));
    Ok(list.transpose()?.unwrap_or_default())
}

/// A list as that column holds it. Strings always have a JSON spelling.
fn json(wanted: &[Wanted]) -> String {
    serde_json::to_string(wanted).unwrap_or_default()
}

/// What is to be changed of a tenant; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantChange {
    /// What the operator calls it.
    pub name: Option<String>,
    /// Seconds from a job's end to the deletion of its request and output.
    pub payload_retention_seconds: Option<u32>,
    /// Seconds from a job's end to the deletion of its row.
    pub retention_seconds: Option<u32>,
    /// Whom its jobs ask that name nobody; empty: as the deployment says.
    pub default_providers: Option<Vec<Wanted>>,
}

impl TenantChange {
    /// What is given, as the audit log keeps it.
    fn detail(&self) -> Json {
        let given = [
            ("name", self.name.as_ref().map(|name| json!(name))),
            (
                "payloadRetentionSeconds",
                self.payload_retention_seconds.map(|seconds| json!(seconds)),
            ),
            (
                "retentionSeconds",
                self.retention_seconds.map(|seconds| json!(seconds)),
            ),
            (
                "defaultProviders",
                self.default_providers.as_ref().map(|list| json!(list)),
            ),
        ];
        let given = given.into_iter();
        let given = given.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Json::Object(given.collect())
    }
}

impl From<&TenantRow> for TenantChange {
    fn from(tenant: &TenantRow) -> Self {
        Self {
            name: Some(tenant.name.clone()),
            payload_retention_seconds: Some(tenant.payload_retention_seconds),
            retention_seconds: Some(tenant.retention_seconds),
            default_providers: Some(tenant.default_providers.clone()),
        }
    }
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantChanged {
    /// The tenant as it is now.
    Done(TenantRow),
    /// Payloads would be kept for longer than their jobs. The tenant as it was and is.
    PayloadOutlivesJob(TenantRow),
    /// There is no such tenant.
    Unknown,
}

impl TenantRow {
    /// A new tenant, which keeps what is its own for as long as tenants do.
    #[must_use]
    pub fn new(id: TenantId, name: impl Into<String>, created_at: Instant) -> Self {
        Self {
            id,
            name: name.into(),
            created_at,
            payload_retention_seconds: PAYLOAD_RETENTION_SECONDS,
            retention_seconds: RETENTION_SECONDS,
            default_providers: Vec::new(),
        }
    }
}

impl<D: Database> Store<D> {
    /// Makes a tenant, with an entry in the audit log where somebody is named.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating with the same id is safe.
    pub async fn insert_tenant(
        &self,
        tenant: &TenantRow,
        deed: Option<&Deed>,
    ) -> Result<(), DatabaseError> {
        let parameters = vec![
            tenant.id.as_str().into(),
            tenant.name.as_str().into(),
            tenant.created_at.into(),
            tenant.payload_retention_seconds.into(),
            tenant.retention_seconds.into(),
            json(&tenant.default_providers).as_str().into(),
        ];
        let insert = Statement::new(include_str!("../../sql/insert_tenant.sql"), parameters);
        let detail = || TenantChange::from(tenant).detail();
        let entry =
            deed.map(|deed| deed.entry(&tenant.id, Action::TenantCreate, &tenant.id, detail()));
        let entry = entry.as_ref().map(enter);
        self.batch([insert].into_iter().chain(entry).collect())
            .await?;
        Ok(())
    }

    /// At most `limit` tenants, oldest first, after the tenant `after`.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn tenants(
        &self,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantRow>, DatabaseError> {
        let after = after.map_or("", TenantId::as_str);
        let parameters = vec![after.into(), limit.into()];
        self.run(include_str!("../../sql/list_tenants.sql"), parameters)
            .await?
            .decode()
    }

    /// One tenant, or `None`.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantRow>, DatabaseError> {
        let parameters = vec![tenant.as_str().into()];
        let result = self
            .run(include_str!("../../sql/get_tenant.sql"), parameters)
            .await?;
        Ok(result.decode()?.into_iter().next())
    }

    /// Changes a tenant, with an entry in the audit log where somebody is named. Jobs that ended
    /// before keep the times they were given.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn change_tenant(
        &self,
        tenant: &TenantId,
        change: &TenantChange,
        deed: Option<&Deed>,
    ) -> Result<TenantChanged, DatabaseError> {
        let key: Vec<Value> = vec![tenant.as_str().into()];
        let mut parameters = key.clone();
        parameters.extend([
            change.name.as_deref().into(),
            change.payload_retention_seconds.into(),
            change.retention_seconds.into(),
            change
                .default_providers
                .as_deref()
                .map(json)
                .as_deref()
                .into(),
        ]);
        let entry = |deed: &Deed| deed.entry(tenant, Action::TenantChange, tenant, change.detail());
        let entry = deed.map(entry);
        let statements = [Statement::new(
            include_str!("../../sql/change_tenant.sql"),
            parameters,
        )];
        let get = Statement::new(include_str!("../../sql/get_tenant.sql"), key);
        let entry = entry.as_ref().map(enter);
        let statements = statements.into_iter().chain(entry).chain([get]);
        let mut results = self.batch(statements.collect()).await?;
        if let Some(changed) = results.next()?.decode()?.into_iter().next() {
            return Ok(TenantChanged::Done(changed));
        }
        if deed.is_some() {
            results.next()?;
        }
        let found = results.next()?.decode()?.into_iter().next();
        Ok(found.map_or(TenantChanged::Unknown, TenantChanged::PayloadOutlivesJob))
    }
}
