//! Who may pass: from the headers of a request to its caller, by the route table.

use crate::app::{App, Readiness};
use crate::call::{Call, Caller};
use crate::problem::{Problem, ProblemCode};
use crate::route::Access;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use redrive_shared::access::{
    ApiKey, InvalidScopes, KeyHash, KeyRecord, Principal, Scope, bearer_token,
};
use redrive_shared::clock::{Clock, Instant};
use redrive_shared::database::DatabaseError;
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;
use redrive_shared::store::KeyRow;

/// The other header that may carry a key.
const API_KEY_HEADER: &str = "x-api-key";

/// Lets the caller pass, and notes who it is.
///
/// 1. The credential is read from `Authorization: Bearer` or `X-API-Key`: 401 when there is none
///    that could be a key, 400 when both are there and differ.
/// 2. On an admin route, what is not shaped like an API key is compared with the operator's key:
///    401, or 503 when that setting is missing.
/// 3. An API key is checked by its own checksum, without the database: 401.
/// 4. It is looked up by its hash, in memory or in the database: 401 when it is unknown, revoked or
///    expired, 503 when the database does not answer or the setting that hashes keys is missing.
/// 5. 403 when it lacks the scope.
pub(crate) async fn admit<P: Ports, R: Readiness>(
    app: &App<P, R>,
    access: Access,
    call: &mut Call,
) -> Result<(), Problem> {
    let (scope, operator_may) = match access {
        Access::Public => return Ok(()),
        Access::AnyKey => (None, false),
        Access::Scope(scope) => (Some(scope), false),
        Access::Admin => (Some(Scope::Admin), true),
    };
    let token = credential(&call.parts.headers)?.to_owned();
    let Ok(key) = ApiKey::parse(&token) else {
        if operator_may {
            call.caller = operator(app, &token)?;
            return Ok(());
        }
        return Err(Problem::unauthenticated("the key is malformed"));
    };
    let principal = key_holder(app, &key).await?;
    call.noted.tenant = Some(principal.tenant_id.clone());
    call.noted.key = Some(principal.key_id.clone());
    if let Some(scope) = scope
        && !principal.may(scope)
    {
        let detail = format!("This route needs a key with the scope `{scope}`.");
        return Err(Problem::new(ProblemCode::InsufficientScope, detail));
    }
    call.caller = Caller::KeyHolder(principal);
    Ok(())
}

/// The one credential of the request.
fn credential(headers: &HeaderMap) -> Result<&str, Problem> {
    let key = single(headers, API_KEY_HEADER)?;
    let authorization = single(headers, AUTHORIZATION.as_str())?;
    match (authorization, key) {
        (None, Some(key)) => Ok(key),
        (header, key) => {
            let token = bearer_token(header)
                .map_err(|error| Problem::unauthenticated(&error.to_string()))?;
            if key.is_some_and(|key| key != token) {
                let detail =
                    "Send the key in `Authorization` or in `X-API-Key`, not two different ones.";
                return Err(Problem::new(ProblemCode::ConflictingCredentials, detail));
            }
            Ok(token)
        }
    }
}

/// The value of a header that may be there once at most.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Problem::unauthenticated(
            "a credential header appears twice",
        ));
    }
    value
        .map(|value| {
            value.to_str().or(Err(Problem::unauthenticated(
                "a credential header is not ASCII",
            )))
        })
        .transpose()
}

fn operator<P: Ports, R: Readiness>(app: &App<P, R>, token: &str) -> Result<Caller, Problem> {
    let admin_key = app
        .secrets
        .admin_key
        .as_ref()
        .map_err(|fault| Problem::misconfigured(fault))?;
    if admin_key.matches(token) {
        Ok(Caller::Operator)
    } else {
        Err(Problem::unauthenticated("not the operator's key"))
    }
}

async fn key_holder<P: Ports, R: Readiness>(
    app: &App<P, R>,
    key: &ApiKey,
) -> Result<Principal, Problem> {
    let secret = app
        .secrets
        .key_hash_secret
        .as_ref()
        .map_err(|fault| Problem::misconfigured(fault))?;
    let hash = key.hash(secret);
    let now = app.ports.clock().now();
    let record = match app.keys.get(&hash, now) {
        Some(record) => record,
        None => look_up(app, hash, now).await?,
    };
    record
        .check(now)
        .map_err(|denied| Problem::unauthenticated(&denied.to_string()))
}

async fn look_up<P: Ports, R: Readiness>(
    app: &App<P, R>,
    hash: KeyHash,
    now: Instant,
) -> Result<KeyRecord, Problem> {
    let row = repeat(app.ports.clock(), || {
        app.ports.store().find_key(hash.as_str())
    })
    .await?;
    let Some(row) = row else {
        return Err(Problem::unauthenticated("the key is unknown"));
    };
    let record = key_record(row)?;
    app.keys.put(hash, record.clone(), now);
    Ok(record)
}

fn key_record(row: KeyRow) -> Result<KeyRecord, DatabaseError> {
    Ok(KeyRecord {
        id: row.id,
        tenant_id: row.tenant_id,
        scopes: row
            .scopes
            .parse()
            .map_err(|error: InvalidScopes| DatabaseError::Corrupt(error.to_string()))?,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        default_providers: row.default_providers.into(),
    })
}
