use super::page::{DEFAULT_LIMIT, cut, limit_of};
use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::idempotency;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::{KeyDocument, KeyPage, NewKeyDocument};
use http::StatusCode;
use redrive_shared::access::{ApiKey, InvalidScopes, Scope, Scopes};
use redrive_shared::audit::Deed;
use redrive_shared::clock::{Clock, Instant};
use redrive_shared::database::DatabaseError;
use redrive_shared::ids::{KeyId, TenantId};
use redrive_shared::json::rules::{array, checked, label, text};
use redrive_shared::json::{FieldError, Fields};
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::store::{KeyRow, NewKey};
use serde_json::Value;

/// What a new key is to be.
struct KeyRequest {
    tenant_id: TenantId,
    name: String,
    scopes: Scopes,
    expires_at: Option<Instant>,
}

/// `POST /api/v1/admin/keys`: makes an API key.
///
/// 1. Headers, query and body are judged: 400, 422; 503 when the setting that hashes keys is missing.
/// 2. The hash of the key is stored: 422 when there is no such tenant, 503 when the database does
///    not answer. That is not repeated: a key whose answer was lost is known to nobody.
/// 3. 201 with the key, this once.
pub(super) async fn create<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    idempotency::refuse(&call.parts.headers)?;
    Query::refuse(&call.parts.uri)?;
    let now = app.ports.clock().now();
    let request = read_request(&call.json()?, now).map_err(Problem::invalid)?;
    let secret = app
        .secrets
        .key_hash_secret
        .as_ref()
        .map_err(|fault| Problem::misconfigured(fault))?;
    let key = ApiKey::generate(app.ports.entropy());
    let new = NewKey {
        hash: key.hash(secret).as_str().to_owned(),
        id: KeyId::new(now, app.ports.entropy()),
        tenant_id: request.tenant_id,
        name: request.name,
        start: key.start().to_owned(),
        scopes: request.scopes.to_string(),
        created_at: now,
        expires_at: request.expires_at,
    };
    let deed = Deed::new(now, app.ports.entropy(), call.actor());
    call.noted.tenant = Some(new.tenant_id.clone());
    call.noted.key = Some(new.id.clone());
    if !app.ports.store().insert_key(&new, Some(&deed)).await? {
        let violation = FieldError {
            pointer: "/tenantId".to_owned(),
            detail: "there is no such tenant".to_owned(),
        };
        return Err(Problem::invalid([violation]));
    }
    let document = KeyDocument {
        key_id: new.id.to_string(),
        start: new.start,
        tenant_id: new.tenant_id.to_string(),
        name: new.name,
        scopes: request.scopes,
        created_at: now.to_rfc3339(),
        expires_at: new.expires_at.map(Instant::to_rfc3339),
        revoked_at: None,
    };
    Answer::json(
        StatusCode::CREATED,
        &NewKeyDocument {
            key: key.reveal().to_owned(),
            document,
        },
    )
}

fn read_request(body: &Value, now: Instant) -> Result<KeyRequest, Vec<FieldError>> {
    let mut fields = Fields::of(body);
    let tenant_id = fields.required("tenantId", checked(text(1..=64), str::parse::<TenantId>));
    let name = fields.required("name", label(1..=100));
    let names = array(1..=Scope::ALL.len(), text(1..=64));
    let scopes = fields.required("scopes", checked(names, Scopes::from_names));
    let expires_at = fields.optional(
        "expiresAt",
        checked(text(1..=64), |time| {
            Instant::parse_rfc3339(time)
                .filter(|expiry| *expiry > now)
                .ok_or("must be a time to come, in RFC 3339, such as `2027-01-31T00:00:00Z`")
        }),
    );
    fields.finish(|| {
        Some(KeyRequest {
            tenant_id: tenant_id?,
            name: name?.to_owned(),
            scopes: scopes?,
            expires_at,
        })
    })
}

/// `GET /api/v1/admin/keys`: gives a page of a tenant's keys, oldest first.
///
/// 1. Parameters that are unknown, repeated or wrong: 422.
/// 2. One key more than asked for is read, to know whether there is a next page: 503 when the
///    database does not answer.
/// 3. 200 with the page; an unknown tenant has no keys.
pub(super) async fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    let (tenant, limit, after) = Query::of(&call.parts.uri)?.read(|mut fields| {
        let tenant = fields.required("tenantId", checked(text(1..=64), str::parse::<TenantId>));
        let limit = fields.optional("limit", checked(text(1..=16), limit_of));
        let after = fields.optional(
            "cursor",
            checked(text(1..=64), |cursor| {
                cursor
                    .parse::<KeyId>()
                    .or(Err("must be the cursor of the page before"))
            }),
        );
        fields.finish(|| Some((tenant?, limit.unwrap_or(DEFAULT_LIMIT), after)))
    })?;
    let rows = repeat(app.ports.clock(), || {
        app.ports.store().keys(&tenant, after.as_ref(), limit + 1)
    })
    .await?;
    let (rows, next_cursor) = cut(rows, limit, |row| row.id.to_string());
    let data = rows
        .into_iter()
        .map(document)
        .collect::<Result<_, DatabaseError>>()?;
    Answer::json(StatusCode::OK, &KeyPage { data, next_cursor })
}

/// `GET /api/v1/key`: gives the key that the request was sent with, but for the key itself.
///
/// 1. A query parameter: 422.
/// 2. The key is read: 503 when the database does not answer.
/// 3. 200 with the key.
pub(super) async fn read_own<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let key = call.key()?;
    let row = repeat(app.ports.clock(), || app.ports.store().key(&key))
        .await?
        .ok_or_else(Problem::no_such_key)?;
    Answer::json(StatusCode::OK, &document(row)?)
}

/// `DELETE /api/v1/admin/keys/{id}`: revokes a key.
///
/// 1. An id that is unknown or malformed: 404.
/// 2. The key is revoked: 503 when the database does not answer. It is refused here at once, and
///    everywhere within five seconds.
/// 3. 200 with the key; a second time with the instant of the first.
pub(super) async fn revoke<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let key: KeyId = call.path_id().parse().or(Err(Problem::no_such_key()))?;
    let clock = app.ports.clock();
    let now = clock.now();
    let deed = Deed::new(now, app.ports.entropy(), call.actor());
    let store = app.ports.store();
    let row = repeat(clock, || store.revoke_key(&key, now, Some(&deed)))
        .await?
        .ok_or_else(Problem::no_such_key)?;
    app.keys.forget(&key);
    call.noted.tenant = Some(row.tenant_id.clone());
    call.noted.key = Some(key);
    Answer::json(StatusCode::OK, &document(row)?)
}

fn document(row: KeyRow) -> Result<KeyDocument, DatabaseError> {
    Ok(KeyDocument {
        key_id: row.id.to_string(),
        start: row.start,
        tenant_id: row.tenant_id.to_string(),
        name: row.name,
        scopes: row
            .scopes
            .parse()
            .map_err(|error: InvalidScopes| DatabaseError::Corrupt(error.to_string()))?,
        created_at: row.created_at.to_rfc3339(),
        expires_at: row.expires_at.map(Instant::to_rfc3339),
        revoked_at: row.revoked_at.map(Instant::to_rfc3339),
    })
}
