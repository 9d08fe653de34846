//! `POST /api/v1/jobs/{id}/cancel`.

use crate::support::{Api, Reply, Step, Tenant, request, with_header};
use http::Method;
use redrive_shared::database::DatabaseError;
use serde_json::json;

async fn cancel(api: &Api, user: &Tenant, job: &str) -> Reply {
    api.send(request(
        Method::POST,
        &format!("/api/v1/jobs/{job}/cancel"),
        &user.key,
        None,
    ))
    .await
}

#[tokio::test]
async fn whatever_has_not_ended_is_cancelled_and_cached() {
    for state in ["queued", "retry_scheduled"] {
        let api = Api::new();
        let user = api.user().await;
        let job = api.job(&user).await;
        api.put_job(&job, state);
        let reply = cancel(&api, &user, &job).await;
        assert_eq!(
            (reply.status, reply.json()["status"].as_str()),
            (200, Some("cancelled")),
            "{state}"
        );
        let cached = api.ports().cache.entries();
        assert_eq!(
            cached.into_iter().collect::<Vec<_>>(),
            [(format!("job:{}:{job}", user.id), reply.text.clone())]
        );
        assert_eq!(
            api.get(&format!("/api/v1/jobs/{job}"), &user.key)
                .await
                .text,
            reply.text
        );
    }
}

#[tokio::test]
async fn a_job_cancelled_while_it_runs_says_so_and_is_not_cached_before_its_cost_is_known() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    api.put_job(&job, "running");
    api.ports().clock.advance_millis(1_000);
    let reply = cancel(&api, &user, &job).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json()["attempts"],
        json!([{
            "attempt": 1, "startedAt": "2026-11-21T10:55:17.377Z",
            "finishedAt": "2026-11-21T10:55:18.372Z", "outcome": "cancelled",
            "possiblyBilled": true
        }])
    );
    assert!(api.ports().cache.entries().is_empty());
    assert_eq!(cancel(&api, &user, &job).await.text, reply.text);
}

#[tokio::test]
async fn a_cancelled_job_is_cancelled_again_with_the_same_answer() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let first = cancel(&api, &user, &job).await;
    api.ports().clock.advance_millis(5_000);
    let body = json!({});
    let second = api
        .post(&format!("/api/v1/jobs/{job}/cancel"), &user.key, &body)
        .await;
    assert_eq!((second.status, second.text), (200, first.text));
}

#[tokio::test]
async fn an_idempotency_key_makes_no_difference_to_a_cancellation() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let path = format!("/api/v1/jobs/{job}/cancel");
    let keyed = request(Method::POST, &path, &user.key, None);
    let first = api
        .send(with_header(keyed, "idempotency-key", "\"k\""))
        .await;
    assert_eq!(first.status, 200);
    assert_eq!(cancel(&api, &user, &job).await.text, first.text);
}

#[tokio::test]
async fn a_job_that_ended_another_way_stays_as_it_is() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    for state in ["succeeded", "failed", "dead_lettered"] {
        api.put_job(&job, state);
        let reply = cancel(&api, &user, &job).await;
        assert_eq!(
            (reply.status, reply.code()),
            (409, "job-not-cancellable".to_owned())
        );
        assert!(
            reply.text.contains(state),
            "the problem says why: {}",
            reply.text
        );
        assert_eq!(api.database().text("SELECT state FROM jobs"), state);
    }
    assert!(api.ports().cache.entries().is_empty());
}

#[tokio::test]
async fn a_job_of_another_tenant_is_unknown_and_untouched() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let job = api.job(&user).await;
    assert_eq!(cancel(&api, &other, &job).await.status, 404);
    assert_eq!(api.database().text("SELECT state FROM jobs"), "queued");
}

#[tokio::test]
async fn a_broken_cache_does_not_stop_a_cancellation() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    api.ports().cache.set_broken(true);
    assert_eq!(cancel(&api, &user, &job).await.status, 200);
    let read = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    assert_eq!(read.json()["status"], "cancelled");
}

#[tokio::test]
async fn a_cancellation_whose_answer_was_lost_is_a_cancellation() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let lost = DatabaseError::Transient("Network connection lost".to_owned());
    api.database().script([Step::FailAfter(lost)]);
    let reply = cancel(&api, &user, &job).await;
    assert_eq!(
        (reply.status, reply.json()["status"].as_str()),
        (200, Some("cancelled"))
    );
}

#[tokio::test]
async fn a_cancellation_that_cannot_be_read_back_is_told_when_it_is_repeated() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let overloaded = DatabaseError::Overloaded("overloaded".to_owned());
    api.database()
        .script([Step::Run, Step::FailBefore(overloaded)]);
    assert_eq!(cancel(&api, &user, &job).await.status, 503);
    assert_eq!(api.database().text("SELECT state FROM jobs"), "cancelled");
    assert!(api.ports().cache.entries().is_empty());
    let reply = cancel(&api, &user, &job).await;
    assert_eq!(
        (reply.status, reply.json()["status"].as_str()),
        (200, Some("cancelled"))
    );
}

#[tokio::test]
async fn a_body_that_says_something_is_refused() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let path = format!("/api/v1/jobs/{job}/cancel");
    for (body, status) in [
        (json!({"force": true}), 422),
        (json!([]), 422),
        (json!(null), 422),
    ] {
        assert_eq!(
            api.post(&path, &user.key, &body).await.status,
            status,
            "{body}"
        );
    }
    assert_eq!(api.database().text("SELECT state FROM jobs"), "queued");
}
