use serde::Deserialize;

/// What was used.
#[derive(Debug, Deserialize)]
pub(crate) struct UsageReport {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) data: Vec<UsageGroup>,
    pub(crate) total: Sums,
    #[serde(default)]
    pub(crate) truncated: bool,
}

/// What one day, model or provider used.
#[derive(Debug, Deserialize)]
pub(crate) struct UsageGroup {
    pub(crate) day: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) provider: Option<String>,
    #[serde(flatten)]
    pub(crate) sums: Sums,
}

/// Sums over calls; `None` where nobody knows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sums {
    pub(crate) calls: u64,
    pub(crate) answers: u64,
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
    pub(crate) cached_tokens: Option<u64>,
    pub(crate) reasoning_tokens: Option<u64>,
    pub(crate) cost_micro_usd: Option<u64>,
    #[serde(default)]
    pub(crate) calls_without_usage: u64,
    #[serde(default)]
    pub(crate) calls_without_price: u64,
}

/// An API key, without the key itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Key {
    pub(crate) key_id: String,
    pub(crate) start: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) created_at: String,
    pub(crate) expires_at: Option<String>,
    pub(crate) revoked_at: Option<String>,
}

/// A new API key, with the key itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewKey {
    pub(crate) key: String,
    pub(crate) key_id: String,
}

/// A tenant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tenant {
    pub(crate) tenant_id: String,
    pub(crate) name: String,
    pub(crate) retention_days: u64,
    pub(crate) payload_retention_days: u64,
    pub(crate) created_at: String,
}
