//! A tenant and a key of a local stack, made through the API as an operator would make them.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::http;
use crate::stack::Stack;

/// Makes a tenant and a key that may do everything but administer, and gives back the key.
pub(crate) fn make_key(stack: &Stack, name: &str) -> Result<String> {
    let tenant = create(stack, "tenants", &json!({ "name": name }))?;
    let tenant = http::text(&tenant, "tenantId")?;
    let key = json!({
        "tenantId": tenant,
        "name": name,
        "scopes": ["jobs:read", "jobs:write", "ops:read", "ops:write"],
    });
    let key = create(stack, "keys", &key)?;
    Ok(http::text(&key, "key")?.to_owned())
}

fn create(stack: &Stack, what: &str, body: &Value) -> Result<Value> {
    let url = format!("{}/api/v1/admin/{what}", stack.url());
    http::post(url, Some(stack.admin_key()), Some(body))?
        .json(201)
        .with_context(|| format!("cannot create the stack's {what}"))
}
