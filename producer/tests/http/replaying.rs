//! `POST /api/v1/dead-letters/{id}/replay`.

mod overrides;

use crate::support::{Api, Reply, Step, Tenant, request};
use axum::body::Body;
use http::{Method, Request};
use redrive_shared::database::DatabaseError;
use redrive_shared::message::JobMessage;
use serde_json::{Value, json};

fn post(user: &Tenant, job: &str, body: Option<&Value>) -> Request<Body> {
    let path = format!("/api/v1/dead-letters/{job}/replay");
    request(Method::POST, &path, &user.key, body)
}

async fn replay(api: &Api, user: &Tenant, job: &str, body: &Value) -> Reply {
    api.send(post(user, job, Some(body))).await
}

/// What tells how often a job was replayed: its entries, its own list, and its messages.
fn replays(api: &Api) -> [String; 3] {
    [
        api.database()
            .count("audit_log WHERE action = 'replay'")
            .to_string(),
        api.database()
            .text("SELECT max(json_array_length(replays)) || '' FROM jobs"),
        api.ports().jobs.take().len().to_string(),
    ]
}

#[tokio::test]
async fn a_replay_gives_a_fresh_budget_and_keeps_the_history() {
    let api = Api::new();
    let user = api.operator().await;
    let body = json!({"prompt": "Hello", "deadlineSeconds": 60, "maxAttempts": 3});
    let made = api.post("/api/v1/generate", &user.key, &body).await.json();
    let job = made["jobId"].as_str().expect("an id");
    api.ports().jobs.take();
    api.put_job(job, "dead_lettered");
    api.database().execute(
        "UPDATE jobs SET attempt = 7, failures = 3, deferrals = 1, rescues = 3, dispatches = 2, \
         attempts = '[{\"attempt\":7,\"startedAtMs\":1,\"finishedAtMs\":2,\"outcome\":\"failed\"}]'",
    );
    api.ports().clock.advance_millis(3_600_000);
    let reply = replay(&api, &user, job, &json!({"note": "the key is right now"})).await;
    assert_eq!(reply.status, 202);
    let url = format!("http://api.test/api/v1/jobs/{job}");
    assert_eq!(
        reply.json(),
        json!({"success": true, "jobId": job, "status": "queued", "statusUrl": url})
    );
    assert_eq!(reply.header("location"), Some(url.as_str()));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.header("idempotent-replayed"), None);

    let sent = api.ports().jobs.take();
    assert_eq!(sent.len(), 1);
    let message = JobMessage::decode(&sent[0]).expect("a job message");
    assert_eq!(
        (message.job_id.as_str(), message.tenant_id.as_str()),
        (job, user.id.as_str())
    );
    assert_eq!(
        api.database().text(
            "SELECT state || ' ' || attempt || failures || deferrals || rescues || dispatches || \
             max_attempts || ' ' || (due_at_ms - created_at_ms) || ' ' || \
             (deadline_at_ms - due_at_ms) || ' ' || deadline_seconds || ' ' || \
             coalesce(completed_at_ms, expires_at_ms, 'open') FROM jobs"
        ),
        "queued 701123 3600000 60000 60 open"
    );

    let key = api.database().text("SELECT id FROM api_keys");
    let entry = api
        .database()
        .text("SELECT id FROM audit_log WHERE action = 'replay'");
    let document = api
        .get(&format!("/api/v1/jobs/{job}"), &user.key)
        .await
        .json();
    assert_eq!(
        document["replays"],
        json!([{
            "at": "2026-11-21T11:55:17.372Z", "actor": key, "afterAttempt": 7,
            "code": "provider_error", "auditId": entry
        }])
    );
    assert_eq!(document["attempts"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        document["error"]["code"], "provider_error",
        "until the next attempt says otherwise"
    );
    let columns = "actor || ' ' || action || ' ' || subject || ' ' || at_ms";
    assert_eq!(
        api.database().text(&format!(
            "SELECT {columns} FROM audit_log WHERE action = 'replay'"
        )),
        format!("{key} replay {job} 1795262117372")
    );
    let detail = api
        .database()
        .text("SELECT detail FROM audit_log WHERE action = 'replay'");
    assert_eq!(
        serde_json::from_str::<Value>(&detail).expect("it is JSON"),
        json!({
            "attempt": 7, "code": "provider_error", "fingerprint": "provider_error:-:-:-:-",
            "overrides": {}, "note": "the key is right now"
        })
    );
    let letter = api
        .get(&format!("/api/v1/dead-letters/{job}"), &user.key)
        .await;
    assert_eq!(letter.status, 404, "it is no dead letter any more");
}

#[tokio::test]
async fn the_body_may_be_absent_or_empty() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    let declared = Request::post(format!("/api/v1/dead-letters/{job}/replay"))
        .header("authorization", format!("Bearer {}", user.key))
        .header("content-type", "application/json")
        .body(Body::empty())
        .expect("valid");
    for request in [
        post(&user, &job, None),
        declared,
        post(&user, &job, Some(&json!({}))),
    ] {
        assert_eq!(api.send(request).await.status, 202);
        api.put_job(&job, "dead_lettered");
    }
}

#[tokio::test]
async fn a_wrong_body_replays_nothing() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    for (body, named) in [
        (json!({"model": ""}), "/model"),
        (json!({"model": null}), "/model"),
        (json!({"model": "a b"}), "/model"),
        (json!({"model": "m".repeat(129)}), "/model"),
        (json!({"provider": "other"}), "/provider"),
        (json!({"provider": null}), "/provider"),
        (json!({"providers": []}), "/providers"),
        (
            json!({"providers": [{"provider": "other"}]}),
            "/providers/0/provider",
        ),
        (
            json!({"providers": [{"provider": "openai"}], "model": "m"}),
            "/model",
        ),
        (json!({"maxAttempts": 0}), "/maxAttempts"),
        (json!({"maxAttempts": 21}), "/maxAttempts"),
        (json!({"maxAttempts": 1.5}), "/maxAttempts"),
        (json!({"maxAttempts": "3"}), "/maxAttempts"),
        (json!({"deadlineSeconds": 0}), "/deadlineSeconds"),
        (json!({"deadlineSeconds": 604_801}), "/deadlineSeconds"),
        (json!({"note": ""}), "/note"),
        (json!({"note": "two\nlines"}), "/note"),
        (json!({"note": "n".repeat(501)}), "/note"),
        (json!({"note": "a\u{0}b"}), "/note"),
        (json!({"prompt": "another"}), "/prompt"),
        (json!({"state": "succeeded"}), "/state"),
        (json!([]), ""),
        (json!(null), ""),
    ] {
        let reply = replay(&api, &user, &job, &body).await;
        assert_eq!(
            (reply.status, reply.named()),
            (422, vec![named.to_owned()]),
            "{body}"
        );
    }
    let mut garbage = post(&user, &job, Some(&json!({})));
    *garbage.body_mut() = "{".into();
    assert_eq!(api.send(garbage).await.code(), "invalid-json");
    let parameter = api
        .post(
            &format!("/api/v1/dead-letters/{job}/replay?force=1"),
            &user.key,
            &json!({}),
        )
        .await;
    assert_eq!(parameter.named(), ["?force"]);
    let mut typed = post(&user, &job, Some(&json!({})));
    typed
        .headers_mut()
        .insert("content-type", "text/plain".parse().expect("valid"));
    assert_eq!(api.send(typed).await.code(), "unsupported-media-type");
    assert_eq!(replays(&api), ["0", "0", "0"]);
    assert_eq!(
        api.database().text("SELECT state FROM jobs"),
        "dead_lettered"
    );
}

#[tokio::test]
async fn a_job_that_is_not_dead_is_not_replayed() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.job(&user).await;
    api.ports().jobs.take();
    for state in [
        "queued",
        "running",
        "retry_scheduled",
        "succeeded",
        "failed",
        "cancelled",
    ] {
        api.put_job(&job, state);
        let reply = replay(&api, &user, &job, &json!({})).await;
        assert_eq!(
            (reply.status, reply.code()),
            (409, "not-dead-lettered".to_owned()),
            "{state}"
        );
        assert!(reply.text.contains(&format!("`{state}`")), "{}", reply.text);
        assert_eq!(api.database().text("SELECT state FROM jobs"), state);
    }
    assert_eq!(replays(&api), ["0", "0", "0"]);
}

#[tokio::test]
async fn a_job_whose_request_was_deleted_is_not_replayed() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    api.database().execute("UPDATE jobs SET request = NULL");
    let reply = replay(&api, &user, &job, &json!({"model": "m-2"})).await;
    assert_eq!(
        (reply.status, reply.code()),
        (409, "payload-deleted".to_owned())
    );
    assert_eq!(replays(&api), ["0", "0", "0"]);
    assert_eq!(
        api.database().text("SELECT state FROM jobs"),
        "dead_lettered"
    );
}

#[tokio::test]
async fn f30_of_twenty_replays_at_once_one_is_accepted() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    let replies = api.at_once(20, |_| post(&user, &job, None));
    let accepted = replies.iter().filter(|reply| reply.status == 202).count();
    assert_eq!(accepted, 1);
    for refused in replies.iter().filter(|reply| reply.status != 202) {
        assert_eq!(
            (refused.status, refused.code()),
            (409, "not-dead-lettered".to_owned())
        );
    }
    assert_eq!(replays(&api), ["1", "1", "1"]);
}

#[tokio::test]
async fn a_queue_that_takes_nothing_does_not_change_the_answer() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    api.ports().jobs.set_broken(true);
    assert_eq!(replay(&api, &user, &job, &json!({})).await.status, 202);
    assert_eq!(api.database().text("SELECT state FROM jobs"), "queued");
}

fn transient() -> DatabaseError {
    DatabaseError::Transient("Network connection lost".to_owned())
}

#[tokio::test]
async fn a_replay_whose_answer_was_lost_finds_its_own_entry() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    api.get("/api/v1/dead-letters", &user.key).await;
    api.database().script(vec![Step::FailAfter(transient()); 2]);
    assert_eq!(replay(&api, &user, &job, &json!({})).await.status, 202);
    assert_eq!(replays(&api), ["1", "1", "1"]);
}

#[tokio::test]
async fn a_replay_whose_answer_was_lost_does_not_bring_back_a_job_that_died_again_meanwhile() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    api.get("/api/v1/dead-letters", &user.key).await;
    let died_again = "UPDATE jobs SET state = 'dead_lettered', due_at_ms = NULL, \
                      completed_at_ms = 9, expires_at_ms = 10, attempt = attempt + 1";
    api.database().script([
        Step::FailAfter(transient()),
        Step::After(died_again.to_owned()),
    ]);
    assert_eq!(replay(&api, &user, &job, &json!({})).await.status, 202);
    assert_eq!(replays(&api), ["1", "1", "1"]);
    assert_eq!(
        api.database().text("SELECT state FROM jobs"),
        "dead_lettered"
    );
}

#[tokio::test]
async fn a_database_that_is_down_replays_nothing() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    api.get("/api/v1/dead-letters", &user.key).await;
    for (error, retry_after) in [
        (transient(), "2"),
        (DatabaseError::Overloaded("overloaded".to_owned()), "10"),
    ] {
        api.database().script(vec![Step::FailBefore(error); 3]);
        let reply = replay(&api, &user, &job, &json!({})).await;
        assert_eq!(
            (reply.status, reply.code()),
            (503, "storage-unavailable".to_owned())
        );
        assert_eq!(reply.header("retry-after"), Some(retry_after));
    }
    api.database().script([]);
    assert_eq!(replays(&api), ["0", "0", "0"]);
}

#[tokio::test]
async fn a_job_keeps_its_latest_twenty_replays() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    for attempt in 1..=23 {
        api.database()
            .execute(&format!("UPDATE jobs SET attempt = {attempt}"));
        assert_eq!(replay(&api, &user, &job, &json!({})).await.status, 202);
        api.database().execute(
            "UPDATE jobs SET state = 'dead_lettered', due_at_ms = NULL, completed_at_ms = 9, \
             expires_at_ms = 10",
        );
    }
    let letter = api
        .get(&format!("/api/v1/dead-letters/{job}"), &user.key)
        .await;
    let kept = letter.json()["replays"].as_array().expect("a list").clone();
    let after: Vec<u64> = kept
        .iter()
        .filter_map(|replay| replay["afterAttempt"].as_u64())
        .collect();
    assert_eq!(after, (4..=23).collect::<Vec<u64>>());
    assert_eq!(
        api.database().count("audit_log WHERE action = 'replay'"),
        23
    );
}
