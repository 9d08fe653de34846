use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::problem::Problem;
use crate::wire::{CheckDocument, HealthDocument, ReadyDocument};
use futures_util::future::join4;
use http::StatusCode;
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use redrive_shared::clock::Clock;
use redrive_shared::database::DatabaseError;
use redrive_shared::log::{Event, Log};
use redrive_shared::ports::Ports;
use redrive_shared::status_cache::StatusCache;
use std::collections::BTreeMap;

/// The description of the API, as committed; a test holds it equal to what the code says.
const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// A key of the status cache that nothing is ever kept under.
const PROBE_KEY: &str = "ready";

/// `GET /api/health` and `GET /health`: 200 while the Worker runs. Nothing else is asked.
pub(super) fn health<P: Ports, R: Readiness>(app: &App<P, R>) -> Result<Answer, Problem> {
    let timestamp = app.ports.clock().now().to_rfc3339();
    Answer::json(
        StatusCode::OK,
        &HealthDocument {
            status: "ok",
            timestamp,
        },
    )
}

/// `GET /api/openapi.json`: 200 with the description of the API.
pub(super) fn openapi() -> Answer {
    Answer::text(StatusCode::OK, OPENAPI.to_owned()).with(CACHE_CONTROL, "public, max-age=300")
}

/// `GET /api/ready`: says whether jobs can be accepted and run.
///
/// 1. Settings, database, cache, queue and consumer are checked, all at once. None is written to.
/// 2. 200 when all is well, 503 otherwise, with what to put right.
pub(super) async fn ready<P: Ports, R: Readiness>(app: &App<P, R>) -> Result<Answer, Problem> {
    let (database, cache, queue, consumer) = join4(
        app.ports.store().check_schema(),
        app.ports.cache().get(PROBE_KEY),
        app.readiness.queue(),
        app.readiness.consumer(),
    )
    .await;
    let database = database.map_err(|error| {
        note(app, "database", &error.to_string());
        database_advice(&error).to_owned()
    });
    let cache = cache.map(|_| ()).map_err(|error| {
        note(app, "cache", &error.0);
        "the KV namespace does not answer".to_owned()
    });
    let checks = BTreeMap::from([
        ("settings", check(settings(app))),
        ("database", check(database)),
        ("cache", check(cache)),
        ("queue", check(queue)),
        ("consumer", check(consumer)),
    ]);
    if checks.values().all(|check| check.ok) {
        Answer::json(
            StatusCode::OK,
            &ReadyDocument {
                status: "ready",
                checks,
            },
        )
    } else {
        let document = ReadyDocument {
            status: "not_ready",
            checks,
        };
        Ok(Answer::json(StatusCode::SERVICE_UNAVAILABLE, &document)?.with(RETRY_AFTER, "5"))
    }
}

fn settings<P, R>(app: &App<P, R>) -> Result<(), String> {
    let faults: Vec<&str> = [
        app.secrets.admin_key.as_ref().err(),
        app.secrets.key_hash_secret.as_ref().err(),
    ]
    .into_iter()
    .flatten()
    .chain(
        app.configuration
            .as_ref()
            .err()
            .into_iter()
            .flat_map(|all| all.iter()),
    )
    .map(String::as_str)
    .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("; "))
    }
}

const fn database_advice(error: &DatabaseError) -> &'static str {
    match error {
        DatabaseError::Transient(_) | DatabaseError::Overloaded(_) => {
            "the database does not answer"
        }
        DatabaseError::Corrupt(_) | DatabaseError::Other(_) => {
            "the database refused the check: apply the migrations"
        }
    }
}

fn note<P: Ports, R>(app: &App<P, R>, check: &'static str, message: &str) {
    app.ports.log().write(
        Event::new("not_ready")
            .with("check", check)
            .with("error.message", message),
    );
}

fn check(outcome: Result<(), String>) -> CheckDocument {
    CheckDocument {
        ok: outcome.is_ok(),
        detail: outcome.err(),
    }
}
