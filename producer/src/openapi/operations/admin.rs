use super::{Described, path_id, query, text};
use crate::openapi::content;
use crate::problem::ProblemCode;
use serde_json::json;
use utoipa::openapi::Required;

const TAG: &str = "admin";

pub(super) fn create_tenant() -> Described {
    Described::new(
        "createTenant",
        TAG,
        "Make a tenant",
        "A tenant owns jobs and keys, and sees nothing of any other tenant.",
    )
    .body("TenantBody", json!({"name": "Support desk"}), true)
    .answers(201, "The tenant.", Some(content("TenantDocument")))
    .problems(&[ProblemCode::IdempotencyNotSupported])
}

pub(super) fn create_key() -> Described {
    let example = json!({
        "tenantId": "ten_019dc2d7c93c7c3a9d2f5a1b7c8e9f00",
        "name": "ticket importer",
        "scopes": ["jobs:read", "jobs:write"],
        "expiresAt": "2027-01-31T00:00:00Z"
    });
    Described::new(
        "createKey",
        TAG,
        "Make an API key",
        "The answer holds the key itself, this once: only its hash is stored. It works at once.",
    )
    .body("KeyBody", example, true)
    .answers(201, "The key.", Some(content("NewKeyDocument")))
    .problems(&[ProblemCode::IdempotencyNotSupported])
}

pub(super) fn list_keys() -> Described {
    let tenant = query("tenantId", "Whose keys.").required(Required::True);
    Described::new(
        "listKeys",
        TAG,
        "Which keys are there?",
        "Gives a tenant's keys, oldest first, page by page, revoked and expired ones too. An unknown \
         tenant has none.",
    )
    .parameter(tenant, text())
    .limit()
    .cursor()
    .answers(200, "A page of keys.", Some(content("KeyPage")))
}

pub(super) fn revoke_key() -> Described {
    Described::new(
        "revokeKey",
        TAG,
        "Revoke an API key",
        "The key is refused everywhere within ten seconds. A second time changes nothing.",
    )
    .parameter(path_id("The key's id: not the key."), text())
    .answers(200, "The key, revoked.", Some(content("KeyDocument")))
    .problems(&[ProblemCode::NotFound])
}
