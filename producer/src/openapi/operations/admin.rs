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
    .body(
        "TenantBody",
        json!({"name": "Support desk", "retentionDays": 30, "payloadRetentionDays": 7}),
        true,
    )
    .answers(201, "The tenant.", Some(content("TenantDocument")))
    .problems(&[ProblemCode::IdempotencyNotSupported])
}

pub(super) fn list_tenants() -> Described {
    Described::new(
        "listTenants",
        TAG,
        "Which tenants are there?",
        "Gives the tenants, oldest first, page by page.",
    )
    .limit()
    .cursor()
    .answers(200, "A page of tenants.", Some(content("TenantPage")))
}

pub(super) fn read_own_key() -> Described {
    Described::new(
        "readOwnKey",
        "service",
        "Which key is this?",
        "Gives what is known of the key that the request was sent with: its tenant, its name and its \
         scopes.",
    )
    .answers(200, "The key.", Some(content("KeyDocument")))
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn read_tenant() -> Described {
    Described::new(
        "readTenant",
        TAG,
        "One tenant",
        "Gives a tenant's name, and for how long what is its own is kept.",
    )
    .parameter(path_id("The tenant's id."), text())
    .answers(200, "The tenant.", Some(content("TenantDocument")))
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn change_tenant() -> Described {
    Described::new(
        "changeTenant",
        TAG,
        "Change a tenant",
        "Changes what the body names. Other times to keep things hold for jobs that end from now on: \
         one that has ended keeps the times it was given.",
    )
    .parameter(path_id("The tenant's id."), text())
    .body("TenantChangeBody", json!({"retentionDays": 90}), true)
    .answers(
        200,
        "The tenant as it is now.",
        Some(content("TenantDocument")),
    )
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn list_circuits() -> Described {
    Described::new(
        "listCircuits",
        TAG,
        "Which providers are not called for now?",
        "Gives the circuits that are not closed, of every provider, model and key. A provider that \
         fails again and again, refuses the key or asks for patience is not called for a while; then \
         one attempt probes, and its outcome closes the circuit or opens it again. Meanwhile jobs \
         wait without using up their attempts.",
    )
    .answers(200, "The circuits.", Some(content("CircuitList")))
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
