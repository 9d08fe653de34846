use redrive_shared::access::{ApiKey, Scope};
use redrive_shared::clock::Instant;

use super::report::Report;
use crate::client::{ApiError, Call, Client};
use crate::console::day_time;
use crate::documents::OwnKey;
use crate::entropy::now;
use crate::failure::Failure;
use crate::settings::{Found, Settings, Source};

const ADVICE_KEY: &str = "Give --key, set REDRIVE_KEY, or write it into the profile.";
pub(super) const ADVICE_UNUSABLE: &str =
    "No key is sent until that is put right; nothing is cut off silently.";
/// A key that ends within this time is told.
const SOON_MS: i64 = 7 * 86_400 * 1000;

/// Whether the key is known, whose it is, and what it may do.
pub(super) async fn check(
    client: &Client<'_>,
    settings: &Settings,
    needed: &[String],
    report: &mut Report<'_>,
) {
    let Some(found) = &settings.key else {
        report.bad("key", "there is none", ADVICE_KEY);
        return;
    };
    let source = &found.source;
    let refused = match client.document(&Call::get(["key"])).await {
        Ok(document) => match document.read_as::<OwnKey>() {
            Ok(key) => return own_key(&key, source, needed, report),
            Err(failure) => failure,
        },
        Err(failure) => failure,
    };
    let Failure::Api(error) = &refused else {
        report.bad("key", &refused.to_string(), "Try again.");
        return;
    };
    if error.is("route-not-found") {
        return key_by_use(client, found, report).await;
    }
    refused_key(client, error, found, report).await;
}

/// A server of an earlier version does not tell whose a key is, but it refuses one it does not know.
async fn key_by_use(client: &Client<'_>, found: &Found, report: &mut Report<'_>) {
    let call = Call::get(["jobs"]).query("limit", Some(1));
    match client.document(&call).await {
        Err(Failure::Api(error)) if error.status != 403 => {
            refused_key(client, &error, found, report).await;
        }
        Err(failure @ Failure::Unreachable(_)) => {
            report.bad("key", &failure.to_string(), "Try again.");
        }
        Ok(_) | Err(_) => {
            let found = format!("is known ({})", found.source);
            let advice = "The server is of a version that does not tell its scopes.";
            report.odd("key", &found, advice);
        }
    }
}

/// Why a key is refused, as far as that can be found out.
async fn refused_key(
    client: &Client<'_>,
    error: &ApiError,
    found: &Found,
    report: &mut Report<'_>,
) {
    let source = &found.source;
    if error.status != 401 {
        report.bad(
            "key",
            &format!("{} ({source})", error.detail),
            "Tell its operator.",
        );
    } else if client
        .document(&Call::get(["admin", "circuits"]))
        .await
        .is_ok()
    {
        let found = format!("the deployment's ADMIN_KEY ({source})");
        let advice = "It opens `redrive keys` and `redrive tenants` only: make an API key by \
                      `redrive keys create` for everything else.";
        report.odd("key", &found, advice);
    } else if ApiKey::parse(&found.value).is_err() {
        let found = format!("is not a whole API key ({source})");
        let advice = "Its checksum is wrong: copy it again, all of rd_live_ and 38 characters.";
        report.bad("key", &found, advice);
    } else {
        let found = format!("is not known to this server ({source})");
        let advice = "It was revoked, has expired, or is another server's: ask the operator for a \
                      new one (`redrive keys create`).";
        report.bad("key", &found, advice);
    }
}

fn own_key(key: &OwnKey, source: &Source, needed: &[String], report: &mut Report<'_>) {
    let found = format!(
        "{} ({}) of {}, {source}",
        key.name, key.key_id, key.tenant_id
    );
    let expiry = key.expires_at.as_deref();
    let is_soon = expiry
        .and_then(Instant::parse_rfc3339)
        .is_some_and(|expiry| expiry.millis_since(now()) < SOON_MS);
    match expiry.filter(|_| is_soon) {
        Some(expiry) => {
            let found = format!("{found}; ends on {}", day_time(expiry));
            report.odd("key", &found, "Ask the operator for a new one in time.");
        }
        None => report.good("key", &found),
    }
    scopes(key, needed, report);
}

fn scopes(key: &OwnKey, needed: &[String], report: &mut Report<'_>) {
    let has = |scope: &str| key.scopes.iter().any(|own| own == scope);
    let missing: Vec<&str> = needed
        .iter()
        .map(String::as_str)
        .filter(|scope| !has(scope))
        .collect();
    if !missing.is_empty() {
        report.bad(
            "scopes",
            &format!("{}; lacks {}", key.scopes.join(", "), missing.join(", ")),
            "Ask the operator for a key that holds them (`redrive keys create --scope …`).",
        );
        return;
    }
    report.good("scopes", &key.scopes.join(", "));
    for (scope, commands) in [
        (
            Scope::JobsRead,
            "status, jobs, usage, batch status and results",
        ),
        (Scope::JobsWrite, "submit, cancel, batch submit and cancel"),
        (
            Scope::OpsRead,
            "dlq ls, groups and show, replay ls and status, audit",
        ),
        (
            Scope::OpsWrite,
            "dlq replay and purge, replay pause, resume and abort",
        ),
    ] {
        if !has(scope.as_str()) && !needed.iter().any(|need| need == scope.as_str()) {
            let advice = format!("These commands will be refused: {commands}.");
            report.odd("scopes", &format!("no {scope}"), &advice);
        }
    }
}
