//! `GET /api/health` and `GET /api/ready`.

use crate::support::{ADMIN_KEY, Api, KEY_HASH_SECRET, Step};
use redrive_shared::database::DatabaseError;
use serde_json::json;

#[tokio::test]
async fn health_answers_whatever_else_is_broken() {
    let api = Api::with_secrets(None, None);
    api.ports().cache.set_broken(true);
    for path in ["/health", "/api/health"] {
        let reply = api.get(path, "").await;
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.json(),
            json!({"status": "ok", "timestamp": "2026-11-21T10:55:17.372Z"})
        );
    }
    assert_eq!(api.database().batches(), 0);
}

#[tokio::test]
async fn everything_that_is_there_is_ready() {
    let api = Api::new();
    let reply = api.get("/api/ready", "").await;
    assert_eq!(reply.status, 200);
    let ok = json!({"ok": true});
    assert_eq!(
        reply.json(),
        json!({"status": "ready", "checks": {
            "settings": ok, "database": ok, "cache": ok, "queue": ok, "consumer": ok
        }})
    );
    assert_eq!(api.rows(), [0, 0, 0]);
    assert!(api.ports().cache.entries().is_empty() && api.ports().jobs.take().is_empty());
}

/// Asserts that this check alone fails, and what it advises.
async fn assert_fails(api: &Api, check: &str, advice: &str) {
    let reply = api.get("/api/ready", "").await;
    let document = reply.json();
    assert_eq!(
        (reply.status, &document["status"]),
        (503, &json!("not_ready"))
    );
    assert_eq!(reply.header("retry-after"), Some("5"));
    for (name, found) in document["checks"].as_object().expect("checks") {
        assert_eq!(found["ok"], json!(name != check), "{name}");
    }
    let detail = document["checks"][check]["detail"]
        .as_str()
        .expect("a detail");
    assert!(detail.contains(advice), "{detail}");
}

#[tokio::test]
async fn each_check_that_fails_says_what_to_put_right() {
    let hash = Some(KEY_HASH_SECRET);
    assert_fails(
        &Api::with_secrets(None, hash),
        "settings",
        "`ADMIN_KEY` is not set",
    )
    .await;
    assert_fails(
        &Api::with_secrets(Some("weak"), hash),
        "settings",
        "`ADMIN_KEY` must be",
    )
    .await;
    let without_hash = Api::with_secrets(Some(ADMIN_KEY), None);
    assert_fails(&without_hash, "settings", "`KEY_HASH_SECRET` is not set").await;

    let api = Api::new();
    api.database()
        .script([Step::FailBefore(DatabaseError::Other(
            "no such table: jobs".to_owned(),
        ))]);
    assert_fails(&api, "database", "migrations").await;
    api.database()
        .script([Step::FailBefore(DatabaseError::Overloaded(
            "overloaded".to_owned(),
        ))]);
    assert_fails(&api, "database", "does not answer").await;
    assert!(api.events().iter().any(|event| {
        event["event"] == "not_ready"
            && event["error.message"]
                .as_str()
                .is_some_and(|it| it.contains("no such table"))
    }));

    api.ports().cache.set_broken(true);
    assert_fails(&api, "cache", "does not answer").await;
    api.ports().cache.set_broken(false);

    let missing = "the queue binding JOBS is missing";
    *api.app.readiness.queue.lock().expect("not poisoned") = Err(missing.to_owned());
    assert_fails(&api, "queue", missing).await;
    *api.app.readiness.queue.lock().expect("not poisoned") = Ok(());

    let unset = "the secret OPENAI_API_KEY is missing";
    *api.app.readiness.consumer.lock().expect("not poisoned") = Err(unset.to_owned());
    assert_fails(&api, "consumer", unset).await;
}
