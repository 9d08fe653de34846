use std::collections::BTreeMap;

use serde::Deserialize;

/// Whether the deployment can accept and run jobs.
#[derive(Debug, Deserialize)]
pub(crate) struct Readiness {
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) checks: BTreeMap<String, ReadinessCheck>,
}

/// One part of it.
#[derive(Debug, Deserialize)]
pub(crate) struct ReadinessCheck {
    pub(crate) ok: bool,
    pub(crate) detail: Option<String>,
}

/// That the server runs.
#[derive(Debug, Deserialize)]
pub(crate) struct Health {
    pub(crate) status: String,
    pub(crate) timestamp: String,
}

/// Who a key belongs to.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnKey {
    pub(crate) tenant_id: String,
    pub(crate) key_id: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires_at: Option<String>,
}
