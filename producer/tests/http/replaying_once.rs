//! `Idempotency-Key` on `POST /api/v1/dead-letters/{id}/replay`.

use crate::support::{Api, Reply, Step, Tenant, request, with_header};
use axum::body::Body;
use http::{Method, Request};
use redrive_shared::database::DatabaseError;
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;

fn keyed(user: &Tenant, job: &str, key: &str, body: &Value) -> Request<Body> {
    let path = format!("/api/v1/dead-letters/{job}/replay");
    let post = request(Method::POST, &path, &user.key, Some(body));
    with_header(post, "idempotency-key", key)
}

async fn replay(api: &Api, user: &Tenant, job: &str, key: &str, body: &Value) -> Reply {
    api.send(keyed(user, job, key, body)).await
}

fn is_repeated(reply: &Reply) -> bool {
    reply.header("idempotent-replayed") == Some("true")
}

/// How often jobs were put back, and how many messages were sent.
fn replays(api: &Api) -> (u64, usize) {
    (
        api.database().count("audit_log WHERE action = 'replay'"),
        api.ports().jobs.take().len(),
    )
}

#[tokio::test]
async fn twenty_replays_at_once_with_one_key_get_one_answer() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    let replies = api.at_once(20, |_| keyed(&user, &job, "\"k\"", &json!({})));
    assert!(replies.iter().all(|reply| reply.status == 202));
    assert!(replies.iter().all(|reply| reply.text == replies[0].text));
    assert_eq!(
        replies.iter().filter(|reply| is_repeated(reply)).count(),
        19
    );
    assert_eq!(replays(&api), (1, 1));
}

#[tokio::test]
async fn the_first_answer_is_given_again_even_when_the_job_died_again() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    let first = replay(&api, &user, &job, "k", &json!({})).await;
    assert_eq!((first.status, is_repeated(&first)), (202, false));
    for state in ["running", "succeeded", "dead_lettered"] {
        api.put_job(&job, state);
        let again = replay(&api, &user, &job, "k", &json!({})).await;
        assert_eq!((again.status, is_repeated(&again)), (202, true), "{state}");
        assert_eq!(again.text, first.text);
        assert_eq!(api.database().text("SELECT state FROM jobs"), state);
    }
    assert_eq!(replays(&api), (1, 1));
    let second = replay(&api, &user, &job, "k2", &json!({})).await;
    assert_eq!((second.status, is_repeated(&second)), (202, false));
    assert_eq!(replays(&api), (2, 1));
}

#[tokio::test]
async fn a_key_is_bound_to_the_letter_and_to_the_body() {
    let api = Api::new();
    let user = api.operator().await;
    let (job, other) = (api.dead(&user).await, api.dead(&user).await);
    let body = json!({"maxAttempts": 3});
    assert_eq!(replay(&api, &user, &job, "k", &body).await.status, 202);
    for (job, body) in [
        (&job, json!({})),
        (&job, json!({"maxAttempts": 4})),
        (&other, body.clone()),
    ] {
        let reply = replay(&api, &user, job, "k", &body).await;
        assert_eq!(
            (reply.status, reply.code()),
            (422, "idempotency-key-reused".to_owned()),
            "{body}"
        );
    }
    assert_eq!(replays(&api), (1, 1));
    let untouched = format!("SELECT state FROM jobs WHERE id = '{other}'");
    assert_eq!(api.database().text(&untouched), "dead_lettered");
}

#[tokio::test]
async fn an_empty_body_and_an_empty_object_are_the_same_request() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    replay(&api, &user, &job, "k", &json!({})).await;
    let path = format!("/api/v1/dead-letters/{job}/replay");
    let bare = request(Method::POST, &path, &user.key, None);
    let again = api
        .send(with_header(bare, "idempotency-key", "\"k\""))
        .await;
    assert_eq!((again.status, is_repeated(&again)), (202, true));
}

#[tokio::test]
async fn keys_of_submits_and_of_replays_do_not_meet() {
    let api = Api::new();
    let user = api.operator().await;
    let body = json!({"prompt": "Hello"});
    let submit = || {
        let post = request(Method::POST, "/api/v1/generate", &user.key, Some(&body));
        api.send(with_header(post, "idempotency-key", "k"))
    };
    let made = submit().await.json();
    let job = made["jobId"].as_str().expect("an id");
    api.put_job(job, "dead_lettered");
    let reply = replay(&api, &user, job, "k", &json!({})).await;
    assert_eq!((reply.status, is_repeated(&reply)), (202, false));
    let again = submit().await;
    assert_eq!((again.json(), is_repeated(&again)), (made, true));
}

#[tokio::test]
async fn a_refused_replay_does_not_use_up_its_key() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.job(&user).await;
    api.ports().jobs.take();
    for (path_job, body, status) in [
        (job.as_str(), json!({}), 409),
        (job.as_str(), json!({"x": 1}), 422),
        ("job_0192f0c1000070008000000000000000", json!({}), 404),
    ] {
        let reply = replay(&api, &user, path_job, "k", &body).await;
        assert_eq!(reply.status, status);
    }
    assert_eq!(replays(&api), (0, 0));
    api.put_job(&job, "dead_lettered");
    let reply = replay(&api, &user, &job, "k", &json!({})).await;
    assert_eq!((reply.status, is_repeated(&reply)), (202, false));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    for key in ["", "\"\"", "\"open", "a b", &"k".repeat(256)] {
        let reply = replay(&api, &user, &job, key, &json!({})).await;
        assert_eq!(
            (reply.status, reply.code()),
            (400, "idempotency-key-invalid".to_owned()),
            "{key}"
        );
    }
    assert_eq!(replays(&api), (0, 0));
}

#[tokio::test]
async fn a_client_that_got_no_answer_asks_again_and_is_told_of_its_replay() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    api.get("/api/v1/dead-letters", &user.key).await;
    let lost = DatabaseError::Transient("Network connection lost".to_owned());
    api.database().script(vec![Step::FailAfter(lost); 3]);
    assert_eq!(replay(&api, &user, &job, "k", &json!({})).await.status, 503);
    assert_eq!(api.database().text("SELECT state FROM jobs"), "queued");
    let again = replay(&api, &user, &job, "k", &json!({})).await;
    assert_eq!((again.status, is_repeated(&again)), (202, true));
    assert_eq!(replays(&api), (1, 0), "the sweep sends the message");
}

#[tokio::test]
async fn a_key_names_a_new_replay_after_a_day() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    replay(&api, &user, &job, "k", &json!({})).await;
    api.put_job(&job, "dead_lettered");
    // The API key is looked up anew; it does not expire.
    api.ports().clock.advance_millis(DAY_MS - 1);
    assert!(is_repeated(
        &replay(&api, &user, &job, "k", &json!({})).await
    ));
    api.ports().clock.advance_millis(1);
    let reply = replay(&api, &user, &job, "k", &json!({"maxAttempts": 1})).await;
    assert_eq!((reply.status, is_repeated(&reply)), (202, false));
    assert_eq!(replays(&api), (2, 2));
    assert_eq!(
        api.database()
            .text("SELECT count(idempotency_key) || '' FROM audit_log WHERE action = 'replay'"),
        "1"
    );
}
