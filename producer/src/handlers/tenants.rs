use super::refuse_idempotency_key;
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::TenantDocument;
use http::StatusCode;
use redrive_shared::clock::Clock;
use redrive_shared::ids::TenantId;
use redrive_shared::json::Fields;
use redrive_shared::json::rules::label;
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;

/// `POST /api/v1/admin/tenants`: makes a tenant.
///
/// 1. Headers, query and body are judged: 400, 422.
/// 2. The tenant is stored: 503 when the database does not answer.
/// 3. 201 with the tenant.
pub(super) async fn create<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    refuse_idempotency_key(&call.parts.headers)?;
    Query::refuse(&call.parts.uri)?;
    let body = call.json()?;
    let mut fields = Fields::of(&body);
    let name = fields.required("name", label(1..=100));
    let name = fields.finish(|| name).map_err(Problem::invalid)?;
    let clock = app.ports.clock();
    let now = clock.now();
    let tenant = TenantId::new(now, app.ports.entropy());
    repeat(clock, || {
        app.ports.store().insert_tenant(&tenant, name, now)
    })
    .await?;
    let document = TenantDocument {
        tenant_id: tenant.to_string(),
        name: name.to_owned(),
        created_at: now.to_rfc3339(),
    };
    call.noted.tenant = Some(tenant);
    Answer::json(StatusCode::CREATED, &document)
}
