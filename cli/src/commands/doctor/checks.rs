use std::time::Instant as Watch;

use redrive_shared::clock::Instant;

use super::report::Report;
use crate::client::{ApiError, Call, Client};
use crate::console::duration;
use crate::documents::{Health, Readiness};
use crate::entropy::now;
use crate::failure::Failure;

pub(super) const ADVICE_URL: &str = "Give --url, set REDRIVE_URL, or write a profile; `cargo xtask dev` keeps a server up on this \
     machine and writes its URL and keys to .redrive/dev/dev.json.";
pub(super) const ADVICE_WRONG_URL: &str =
    "Give the URL of the server alone, such as https://jobs.example.com.";
/// A clock that is further off than this makes times of options mean something else.
const SKEW_MS: i64 = 30_000;

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
