use std::time::Instant as Watch;

use redrive_shared::access::{ApiKey, Scope};
use redrive_shared::clock::Instant;

use super::report::Report;
use crate::client::{ApiError, Call, Client};
use crate::console::{day_time, duration};
use crate::documents::{Health, OwnKey, Readiness};
use crate::entropy::now;
use crate::failure::Failure;
use crate::settings::Settings;

pub(super) const ADVICE_URL: &str = "Give --url, set REDRIVE_URL, or write a profile; `cargo xtask dev` keeps a server up on this \
     machine and writes its URL and keys to .redrive/dev/dev.json.";
const ADVICE_KEY: &str = "Give --key, set REDRIVE_KEY, or write it into the profile.";
/// A clock that is further off than this makes times of options mean something else.
const SKEW_MS: i64 = 30_000;
/// A key that ends within this time is told.
const SOON_MS: i64 = 7 * 86_400 * 1000;

/// Whether the server is there and is a Redrive; and how far our clocks lie apart.
pub(super) async fn server(client: &Client<'_>, report: &mut Report<'_>) -> bool {
    let (asked, watch) = (now(), Watch::now());
    let health = match client.document(&Call::get_public(["api", "health"])).await {
        Ok(document) => document.read_as::<Health>(),
        Err(failure) => Err(failure),
    };
    let took = watch.elapsed();
    match health {
        Ok(health) if health.status == "ok" => {
            report.good("server", &format!("answers in {} ms", took.as_millis()));
            let middle = asked.plus(took / 2);
            clock(&health.timestamp, middle, report);
            true
        }
        Ok(health) => {
            let advice = "Tell its operator; its log says more.";
            report.bad(
                "server",
                &format!("says that it is {}", health.status),
                advice,
            );
            true
        }
        Err(failure) => {
            report.bad(
                "server",
                &failure.to_string(),
                advice_of_connection(&failure),
            );
            false
        }
    }
}

fn advice_of_connection(failure: &Failure) -> &'static str {
    match failure {
        Failure::Unreachable(text) if text.contains("refused") => {
            "Nothing listens there: is the server up, and is the port right?"
        }
        Failure::Unreachable(text) if text.contains("dns") || text.contains("lookup") => {
            "The name is not known: look for a typing error in the URL, and whether the network is up."
        }
        Failure::Unreachable(text) if text.contains("certificate") => {
            "Its certificate is not trusted on this machine: is the URL right, is a proxy in between, \
             and are the system's root certificates installed (package ca-certificates)?"
        }
        Failure::Unreachable(_) => {
            "Check network, proxy (HTTPS_PROXY, NO_PROXY) and firewall, then try again."
        }
        Failure::Api(_) | Failure::Failed(_) => {
            "Somebody else answers at this URL: it must be the one of a Redrive server, without \
             /api at its end."
        }
        Failure::Usage(_) | Failure::Interrupted | Failure::Unread | Failure::Local(_) => {
            "Put that right first."
        }
    }
}

fn clock(timestamp: &str, ours: Instant, report: &mut Report<'_>) {
    let Some(theirs) = Instant::parse_rfc3339(timestamp) else {
        report.odd(
            "clock",
            "the server told no time",
            "See whether it is of another version.",
        );
        return;
    };
    let skew = ours.millis_since(theirs);
    if skew.abs() <= SKEW_MS {
        report.good("clock", &format!("{} ms from the server's", skew.abs()));
        return;
    }
    let length = duration(std::time::Duration::from_millis(skew.unsigned_abs()));
    let side = if skew > 0 { "ahead of" } else { "behind" };
    report.bad(
        "clock",
        &format!("this machine's clock is {length} {side} the server's"),
        "Set this machine's clock (NTP): ages such as --created-after 2h mean other times until then.",
    );
}

/// Whether jobs can be accepted and run.
pub(super) async fn readiness(client: &Client<'_>, report: &mut Report<'_>) {
    let call = Call::get_public(["api", "ready"]);
    let readiness = match client.with_retries(0).document(&call).await {
        Ok(document) => document.read_as::<Readiness>(),
        Err(Failure::Api(error)) => readiness_of(&error).ok_or(Failure::Api(error)),
        Err(failure) => Err(failure),
    };
    match readiness {
        Err(failure) => report.bad("readiness", &failure.to_string(), "Tell its operator."),
        Ok(readiness) => {
            let names: Vec<&str> = readiness.checks.keys().map(String::as_str).collect();
            let failed: Vec<_> = readiness
                .checks
                .iter()
                .filter(|(_, check)| !check.ok)
                .collect();
            if readiness.status == "ready" && failed.is_empty() {
                report.good("readiness", &names.join(", "));
            }
            for (name, check) in failed {
                let detail = check.detail.as_deref().unwrap_or("is not ready");
                report.bad(
                    &format!("readiness of {name}"),
                    detail,
                    advice_of_part(name),
                );
            }
        }
    }
}

/// The document of a server that is not ready comes with 503, and is no problem document.
fn readiness_of(error: &ApiError) -> Option<Readiness> {
    serde_json::from_str(error.body.as_deref()?).ok()
}

fn advice_of_part(name: &str) -> &'static str {
    match name {
        "settings" => {
            "Its operator sets what is missing (`wrangler secret put`, or providers.toml) and deploys."
        }
        "database" => {
            "Its operator applies the migrations (`cargo xtask deploy`), or waits until D1 answers."
        }
        "cache" | "queue" => {
            "Its operator looks at the bindings of the deployment, and at Cloudflare's status."
        }
        "consumer" => "Its operator deploys the consumer, and puts the providers' settings right.",
        _ => "Tell its operator.",
    }
}

/// Whether the key is known, whose it is, and what it may do.
pub(super) async fn key(
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
        let found = format!("not checked ({source})");
        let advice = "The server is of a version that tells nothing of keys: `redrive jobs ls` shows \
                      whether it is accepted.";
        report.odd("key", &found, advice);
    } else if error.status != 401 {
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

fn own_key(
    key: &OwnKey,
    source: &impl std::fmt::Display,
    needed: &[String],
    report: &mut Report<'_>,
) {
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
