use super::page::{DEFAULT_LIMIT, cut, limit_of};
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::{TenantDocument, TenantPage};
use http::StatusCode;
use redrive_shared::audit::Deed;
use redrive_shared::clock::Clock;
use redrive_shared::ids::TenantId;
use redrive_shared::json::rules::{checked, integer, label, nullable, text};
use redrive_shared::json::{FieldError, Fields};
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::request::{Known, Wanted, read_list};
use redrive_shared::store::{TenantChange, TenantChanged, TenantRow};
use serde_json::Value;

const SECONDS_A_DAY: u32 = 86_400;

/// What a tenant is to be; `None` was not said.
struct TenantRequest {
    name: Option<String>,
    payload_retention_days: Option<u32>,
    retention_days: Option<u32>,
    /// Empty: `null` was said, which takes the tenant's own list away.
    default_providers: Option<Vec<Wanted>>,
}

impl TenantRequest {
    /// Reads the body; a new tenant must have a name.
    fn read(body: &Value, is_new: bool) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::of(body);
        let name = if is_new {
            fields.required("name", label(1..=100))
        } else {
            fields.optional("name", label(1..=100))
        };
        let retention_days = fields.optional("retentionDays", integer(1..=3_650));
        let payload_retention_days = fields.optional("payloadRetentionDays", integer(1..=3_650));
        let default_providers = fields.optional("defaultProviders", nullable(read_list));
        fields.finish(|| {
            Some(Self {
                default_providers: default_providers.map(Option::unwrap_or_default),
                name: name.map(str::to_owned),
                payload_retention_days,
                retention_days,
            })
        })
    }

    /// Settles that every provider of the list can be asked.
    ///
    /// # Errors
    /// 422, or 503 when what is said of the providers has mistakes.
    fn check_providers<P, R>(&self, app: &App<P, R>) -> Result<(), Problem> {
        let Some(wanted @ [_, ..]) = self.default_providers.as_deref() else {
            return Ok(());
        };
        let known = Known {
            configuration: app.configuration()?,
            default_providers: &[],
        };
        known.check_default(wanted).map_err(Problem::invalid)
    }

    fn payload_retention_seconds(&self) -> Option<u32> {
        self.payload_retention_days.map(|days| days * SECONDS_A_DAY)
    }

    fn retention_seconds(&self) -> Option<u32> {
        self.retention_days.map(|days| days * SECONDS_A_DAY)
    }

    /// 422 for payloads that would be kept for longer than their jobs. The field that was given is
    /// named: the payload's, or else the job's.
    fn payload_outlives_job(&self, kept: &TenantRow) -> Problem {
        let (pointer, detail) = if self.payload_retention_days.is_some() {
            let days = self
                .retention_days
                .unwrap_or(kept.retention_seconds / SECONDS_A_DAY);
            let detail = format!("must be at most `retentionDays`, which is {days}");
            ("/payloadRetentionDays", detail)
        } else {
            let days = kept.payload_retention_seconds / SECONDS_A_DAY;
            let detail = format!("must be at least `payloadRetentionDays`, which is {days}");
            ("/retentionDays", detail)
        };
        Problem::invalid([FieldError {
            pointer: pointer.to_owned(),
            detail,
        }])
    }
}

/// `POST /api/v1/admin/tenants`: makes a tenant.
///
/// 1. Headers, query and body are judged: 400, 422. 503 when it names providers, and what is said of
///    them has mistakes.
/// 2. The tenant is stored: 503 when the database does not answer.
/// 3. 201 with the tenant.
pub(super) async fn create<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    idempotency::refuse(&call.parts.headers)?;
    Query::refuse(&call.parts.uri)?;
    let request = TenantRequest::read(&call.json()?, true).map_err(Problem::invalid)?;
    request.check_providers(app)?;
    let clock = app.ports.clock();
    let now = clock.now();
    let id = TenantId::new(now, app.ports.entropy());
    let name = request.name.clone().unwrap_or_default();
    let mut tenant = TenantRow::new(id, name, now);
    tenant.default_providers = request.default_providers.clone().unwrap_or_default();
    if let Some(seconds) = request.retention_seconds() {
        tenant.retention_seconds = seconds;
        // A job that is kept for less than a week takes its payload along.
        tenant.payload_retention_seconds = tenant.payload_retention_seconds.min(seconds);
    }
    if let Some(seconds) = request.payload_retention_seconds() {
        tenant.payload_retention_seconds = seconds;
    }
    if tenant.payload_retention_seconds > tenant.retention_seconds {
        return Err(request.payload_outlives_job(&tenant));
    }
    let deed = Deed::new(now, app.ports.entropy(), call.actor());
    let store = app.ports.store();
    repeat(clock, || store.insert_tenant(&tenant, Some(&deed))).await?;
    call.noted.tenant = Some(tenant.id.clone());
    Answer::json(StatusCode::CREATED, &document(tenant))
}

/// `GET /api/v1/admin/tenants`: gives a page of tenants, oldest first.
///
/// 1. Parameters that are unknown, repeated or wrong: 422.
/// 2. One tenant more than asked for is read, to know whether there is a next page: 503 when the
///    database does not answer.
/// 3. 200 with the page.
pub(super) async fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let (limit, after) = Query::of(&call.parts.uri)?.read(|mut fields| {
        let limit = fields.optional("limit", checked(text(1..=16), limit_of));
        let cursor = checked(text(1..=64), |cursor| {
            let after = cursor.parse::<TenantId>();
            after.or(Err("must be the cursor of the page before"))
        });
        let after = fields.optional("cursor", cursor);
        fields.finish(|| Some((limit.unwrap_or(DEFAULT_LIMIT), after)))
    })?;
    let store = app.ports.store();
    let rows = repeat(app.ports.clock(), || {
        store.tenants(after.as_ref(), limit + 1)
    })
    .await?;
    let (rows, next_cursor) = cut(rows, limit, |row| row.id.to_string());
    let data = rows.into_iter().map(document).collect();
    Answer::json(StatusCode::OK, &TenantPage { data, next_cursor })
}

/// `GET /api/v1/admin/tenants/{id}`: gives one tenant.
///
/// 1. An id that is unknown or malformed: 404.
/// 2. The tenant is read: 503 when the database does not answer.
/// 3. 200 with the tenant.
pub(super) async fn read<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let id = path_tenant(call)?;
    let tenant = repeat(app.ports.clock(), || app.ports.store().tenant(&id))
        .await?
        .ok_or_else(Problem::no_such_tenant)?;
    Answer::json(StatusCode::OK, &document(tenant))
}

/// `PATCH /api/v1/admin/tenants/{id}`: changes what the body names, and leaves the rest.
///
/// 1. Query and body are judged: 400, 422. Once is as good as twice, so that `Idempotency-Key` has
///    nothing to add and is not looked at.
/// 2. The tenant is changed: 503 when the database does not answer, 404 when there is none, 422
///    when payloads would be kept for longer than their jobs.
/// 3. 200 with the tenant as it is now.
pub(super) async fn change<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let request = TenantRequest::read(&call.json()?, false).map_err(Problem::invalid)?;
    request.check_providers(app)?;
    let id = path_tenant(call)?;
    let change = TenantChange {
        name: request.name.clone(),
        payload_retention_seconds: request.payload_retention_seconds(),
        retention_seconds: request.retention_seconds(),
        default_providers: request.default_providers.clone(),
    };
    let (clock, store) = (app.ports.clock(), app.ports.store());
    let deed = Deed::new(clock.now(), app.ports.entropy(), call.actor());
    let set = || store.change_tenant(&id, &change, Some(&deed));
    match repeat(clock, set).await? {
        TenantChanged::Done(tenant) => Answer::json(StatusCode::OK, &document(tenant)),
        TenantChanged::PayloadOutlivesJob(kept) => Err(request.payload_outlives_job(&kept)),
        TenantChanged::Unknown => Err(Problem::no_such_tenant()),
    }
}

fn path_tenant(call: &mut Call) -> Result<TenantId, Problem> {
    let id: TenantId = call.path_id().parse().or(Err(Problem::no_such_tenant()))?;
    call.noted.tenant = Some(id.clone());
    Ok(id)
}

fn document(tenant: TenantRow) -> TenantDocument {
    TenantDocument {
        tenant_id: tenant.id.to_string(),
        name: tenant.name,
        retention_days: tenant.retention_seconds / SECONDS_A_DAY,
        payload_retention_days: tenant.payload_retention_seconds / SECONDS_A_DAY,
        default_providers: tenant.default_providers,
        created_at: tenant.created_at.to_rfc3339(),
    }
}
