use clap::{Args, Subcommand};
use serde::Serialize;

use super::values::{self, PageOptions};

/// What was used, as a report.
#[derive(Args, Debug)]
pub(crate) struct UsageOptions {
    /// The first day, in UTC: 2026-11-01 [default: 30 days ago]
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Option<String>,
    /// The last day, in UTC [default: today]
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Option<String>,
    /// By what to add up
    #[arg(long, value_name = "WHAT", value_parser = ["day", "model", "provider"])]
    pub(crate) group_by: Option<String>,
}

/// Work on API keys; takes the deployment's ADMIN_KEY, or a key with the scope admin.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Makes an API key and prints it, this once
    Create(CreateKey),
    /// Lists the keys of a tenant, oldest first
    Ls {
        /// The tenant's id
        #[arg(long, value_name = "TENANT")]
        tenant: String,
        #[command(flatten)]
        page: PageOptions,
    },
    /// Revokes a key
    Revoke {
        /// The key's id, which is not the key: key_…
        #[arg(value_name = "KEY_ID")]
        key_id: String,
    },
}

#[derive(Args, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateKey {
    /// Whose key it is to be
    #[arg(long, value_name = "TENANT")]
    #[serde(rename = "tenantId")]
    tenant: String,
    /// What to call it
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// What it may be used for; may be repeated
    #[arg(long, value_name = "SCOPE", required = true, value_parser = values::scopes())]
    #[serde(rename = "scopes")]
    scope: Vec<String>,
    /// When it ends: RFC 3339, a day, or a time from now such as 90d
    #[arg(long, value_name = "TIME", value_parser = values::time_to_come)]
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

/// Work on tenants; takes the deployment's ADMIN_KEY, or a key with the scope admin.
#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Makes a tenant and prints its id
    Create(CreateTenant),
    /// Lists tenants
    Ls(PageOptions),
}

#[derive(Args, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateTenant {
    /// What to call it
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// Days that a job is kept after its end
    #[arg(long, value_name = "DAYS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_days: Option<u32>,
    /// Days that a job's request and output are kept after its end
    #[arg(long, value_name = "DAYS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_retention_days: Option<u32>,
}
