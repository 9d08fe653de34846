//! `GET /api/v1/dead-letters` and `GET /api/v1/dead-letters/{id}`.

mod listing;

use crate::support::{Api, Reply, Step, Tenant};
use redrive_shared::database::DatabaseError;
use serde_json::{Value, json};

const LETTERS: &str = "/api/v1/dead-letters";

async fn list(api: &Api, user: &Tenant, query: &str) -> Value {
    let reply = api.get(&format!("{LETTERS}{query}"), &user.key).await;
    assert_eq!(reply.status, 200, "{query}: {reply:?}");
    reply.json()
}

async fn read(api: &Api, user: &Tenant, job: &str) -> Reply {
    api.get(&format!("{LETTERS}/{job}"), &user.key).await
}

fn ids(page: &Value) -> Vec<String> {
    let letters = page["data"].as_array().expect("a list");
    letters
        .iter()
        .map(|letter| letter["jobId"].as_str().expect("an id").to_owned())
        .collect()
}

/// Dead letters of jobs a second apart; the newest first, as the list gives them.
async fn dead(api: &Api, user: &Tenant, number: usize) -> Vec<String> {
    let mut made = Vec::new();
    for _ in 0..number {
        made.insert(0, api.dead(user).await);
        api.ports().clock.advance_millis(1_000);
    }
    made
}

/// Puts JSON into a column of a job.
fn put(api: &Api, job: &str, column: &str, value: &Value) {
    let text = value.to_string().replace('\'', "''");
    api.database().execute(&format!(
        "UPDATE jobs SET {column} = '{text}' WHERE id = '{job}'"
    ));
}

/// A rescue, a failure that two providers came before, and another rescue.
fn attempts() -> Value {
    json!([
        {"attempt": 1, "startedAtMs": 1_000, "finishedAtMs": 2_000, "outcome": "rescued",
         "code": "lease_expired", "possiblyBilled": true},
        {"attempt": 2, "startedAtMs": 3_000, "finishedAtMs": 4_000, "outcome": "failed",
         "code": "provider_error", "provider": "openai", "providerStatus": 500, "row": 50,
         "usage": {"inputTokens": 10, "totalTokens": 12}, "costMicroUsd": 40,
         "fallbacks": [
            {"provider": "azure", "model": "m-2", "startedAtMs": 3_000, "finishedAtMs": 3_500,
             "code": "provider_timeout", "called": true, "row": 2, "possiblyBilled": true},
            {"provider": "local", "model": "m-3", "startedAtMs": 3_500, "finishedAtMs": 3_600,
             "code": "content_filtered", "called": true, "row": 8,
             "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3, "cachedTokens": 1},
             "costMicroUsd": 5}
         ]},
        {"attempt": 3, "startedAtMs": 5_000, "finishedAtMs": 6_000, "outcome": "rescued",
         "code": "lease_expired", "possiblyBilled": true}
    ])
}

#[tokio::test]
async fn a_dead_letter_says_why_and_what_it_cost() {
    let api = Api::new();
    let user = api.operator().await;
    let body = json!({
        "prompt": "my secret prompt", "model": "m-1", "refType": "ticket", "refId": "4711",
        "metadata": {"team": "support"}, "deadlineSeconds": 60
    });
    let reply = api.post("/api/v1/generate", &user.key, &body).await.json();
    let job = reply["jobId"].as_str().expect("an id");
    api.put_job(job, "dead_lettered");
    put(
        &api,
        job,
        "error",
        &json!({
            "message": "All 2 attempts failed.", "retryable": false, "cause": "provider_error",
            "provider": "openai", "providerStatus": 500, "providerRequestId": "req-1", "row": 50,
            "excerpt": "the provider said this"
        }),
    );
    put(&api, job, "attempts", &attempts());
    put(
        &api,
        job,
        "dropped_answers",
        &json!([
            {"attempt": 1, "finishedAtMs": 7_000, "provider": "openai", "model": "m-1",
             "usage": {"inputTokens": 10, "totalTokens": 13}, "costMicroUsd": 60},
            {"attempt": 2, "finishedAtMs": 7_000, "provider": "openai",
             "usage": {"inputTokens": 10, "totalTokens": 12}, "costMicroUsd": 40}
        ]),
    );
    api.database().execute(
        "UPDATE jobs SET error_code = 'attempts_exhausted', attempt = 3, failures = 1, \
         rescues = 2, dispatches = 4, fingerprint = 'attempts_exhausted:provider_error:openai:m-1:500'",
    );
    let reply = read(&api, &user, job).await;
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let letter = reply.json();
    let mut expected = json!({
        "jobId": job, "kind": "generate", "status": "dead_lettered",
        "code": "attempts_exhausted", "message": "All 2 attempts failed.",
        "cause": "provider_error", "provider": "openai", "providerStatus": 500,
        "providerRequestId": "req-1", "row": 50, "excerpt": "the provider said this",
        "model": "m-1", "fingerprint": "attempts_exhausted:provider_error:openai:m-1:500",
        "attempt": 3,
        "counts": {"attempts": 3, "failures": 1, "deferrals": 0, "rescues": 2, "dispatches": 4},
        "cost": {"inputTokens": 21, "outputTokens": 2, "totalTokens": 28,
                 "possiblyBilledCalls": 2, "costMicroUsd": 105},
        "createdAt": "2026-11-21T10:55:17.372Z", "deadAt": "2026-11-21T10:55:17.382Z",
        "deadlineAt": "2026-11-21T10:56:17.372Z",
        "payloadExpiresAt": "2026-11-28T10:55:17.382Z", "replayable": true, "replays": [],
        "refType": "ticket", "refId": "4711", "metadata": {"team": "support"}
    });
    let page = list(&api, &user, "").await;
    assert_eq!(page["data"], json!([expected]));
    expected["attempts"] = letter["attempts"].clone();
    expected["droppedAnswers"] = letter["droppedAnswers"].clone();
    assert_eq!(letter, expected);
    let outcomes = ["rescued", "failed", "rescued"];
    let shown = letter["attempts"].as_array().expect("a list");
    assert!(
        shown
            .iter()
            .map(|attempt| &attempt["outcome"])
            .eq(&outcomes)
    );
    assert_eq!(letter["droppedAnswers"][0]["usage"]["totalTokens"], 13);
    assert_eq!(letter["droppedAnswers"][0]["costMicroUsd"], 60);
    assert_eq!(
        shown[1]["fallbacks"],
        json!([
            {"provider": "azure", "model": "m-2", "code": "provider_timeout", "called": true,
             "startedAt": "1970-01-01T00:00:03.000Z", "finishedAt": "1970-01-01T00:00:03.500Z",
             "possiblyBilled": true},
            {"provider": "local", "model": "m-3", "code": "content_filtered", "called": true,
             "startedAt": "1970-01-01T00:00:03.500Z", "finishedAt": "1970-01-01T00:00:03.600Z",
             "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3, "cachedTokens": 1},
             "costMicroUsd": 5}
        ])
    );
    let job = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    assert_eq!(job.json()["costMicroUsd"], 105);
    assert!(!reply.text.contains("secret"), "the request is not shown");
}

#[tokio::test]
async fn a_letter_without_its_request_cannot_be_replayed_and_says_so() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    api.database().execute("UPDATE jobs SET request = NULL");
    let letter = read(&api, &user, &job).await.json();
    assert_eq!(
        (&letter["replayable"], &letter["payloadExpiresAt"]),
        (&json!(false), &Value::Null)
    );
}

#[tokio::test]
async fn a_job_that_is_not_dead_is_no_dead_letter() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.job(&user).await;
    let unknown = read(&api, &user, "job_0192f0c1000070008000000000000000").await;
    assert_eq!(
        (unknown.status, unknown.code()),
        (404, "not-found".to_owned())
    );
    for state in [
        "queued",
        "running",
        "retry_scheduled",
        "succeeded",
        "failed",
        "cancelled",
    ] {
        api.put_job(&job, state);
        let reply = read(&api, &user, &job).await;
        assert_eq!(
            reply.without_request(),
            unknown.without_request(),
            "{state}"
        );
        assert_eq!(ids(&list(&api, &user, "").await), [""; 0], "{state}");
    }
    for id in [
        "x",
        "job_",
        "%F0%9F%92%A5",
        "ten_0192f0c1000070008000000000000000",
    ] {
        let reply = read(&api, &user, id).await;
        assert_eq!(reply.without_request(), unknown.without_request(), "{id}");
    }
}

#[tokio::test]
async fn a_database_that_fails_for_a_moment_is_asked_again_and_an_overloaded_one_is_not() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    read(&api, &user, &job).await;
    for path in [LETTERS.to_owned(), format!("{LETTERS}/{job}")] {
        let lost = DatabaseError::Transient("Network connection lost".to_owned());
        api.database().script(vec![Step::FailAfter(lost); 2]);
        assert_eq!(api.get(&path, &user.key).await.status, 200, "{path}");
        let overloaded = DatabaseError::Overloaded("overloaded".to_owned());
        api.database().script([Step::FailBefore(overloaded)]);
        let reply = api.get(&path, &user.key).await;
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (503, Some("10")),
            "{path}"
        );
    }
}
