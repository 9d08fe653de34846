//! `Idempotency-Key` on `POST /api/v1/generate`.

use crate::support::{ADMIN_KEY, Api, Reply, Step, Tenant, request, with_header};
use axum::body::Body;
use http::{HeaderValue, Method, Request};
use redrive_shared::configuration::Configuration;
use redrive_shared::database::DatabaseError;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const GENERATE: &str = "/api/v1/generate";
const DAY_MS: i64 = 86_400_000;

fn keyed(user: &Tenant, key: &str, body: &Value) -> Request<Body> {
    let post = request(Method::POST, GENERATE, &user.key, Some(body));
    with_header(post, "idempotency-key", key)
}

async fn submit(api: &Api, user: &Tenant, key: &str, body: &Value) -> Reply {
    api.send(keyed(user, key, body)).await
}

fn hello() -> Value {
    json!({"prompt": "Hello", "metadata": {"a": "1", "b": "2"}})
}

fn is_repeated(reply: &Reply) -> bool {
    reply.header("idempotent-replayed") == Some("true")
}

fn transient() -> DatabaseError {
    DatabaseError::Transient("Network connection lost".to_owned())
}

#[tokio::test]
async fn f39_fifty_posts_at_once_make_one_job() {
    let api = Api::new();
    let user = api.user().await;
    let replies = api.at_once(50, |_| keyed(&user, "\"one\"", &hello()));
    let bodies: BTreeSet<&String> = replies.iter().map(|reply| &reply.text).collect();
    let places: BTreeSet<_> = replies
        .iter()
        .map(|reply| reply.header("location"))
        .collect();
    assert_eq!((bodies.len(), places.len()), (1, 1), "one answer");
    assert!(replies.iter().all(|reply| reply.status == 202));
    assert_eq!(
        replies.iter().filter(|reply| is_repeated(reply)).count(),
        49
    );
    assert_eq!(api.database().count("jobs"), 1);
    assert_eq!(api.ports().jobs.take().len(), 1);
}

#[tokio::test]
async fn f39_of_fifty_different_posts_at_once_one_has_the_key() {
    let api = Api::new();
    let user = api.user().await;
    let replies = api.at_once(50, |number| {
        keyed(&user, "one", &json!({"prompt": format!("Hello {number}")}))
    });
    let accepted: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 202).collect();
    assert_eq!(accepted.len(), 1);
    assert!(!is_repeated(accepted[0]));
    for refused in replies.iter().filter(|reply| reply.status != 202) {
        assert_eq!(
            (refused.status, refused.code()),
            (422, "idempotency-key-reused".to_owned())
        );
    }
    assert_eq!(api.database().count("jobs"), 1);
    assert_eq!(api.ports().jobs.take().len(), 1);
}

#[tokio::test]
async fn the_first_answer_is_given_again_when_its_provider_is_gone() {
    let api = Api::new();
    let user = api.user().await;
    let body = json!({"prompt": "Hello", "provider": "openai"});
    let first = submit(&api, &user, "k", &body).await;
    assert_eq!((first.status, is_repeated(&first)), (202, false));
    let api = api.reconfigured(Configuration::default());
    let again = submit(&api, &user, "k", &body).await;
    assert_eq!((again.status, is_repeated(&again)), (202, true));
    assert_eq!(again.text, first.text);
    // Another request, another key, another tenant, and the same a day later are judged.
    let other = json!({"prompt": "Bye", "provider": "openai"});
    let stranger = api.user().await;
    for (user, key, body) in [
        (&user, "k", &other),
        (&user, "other", &body),
        (&stranger, "k", &body),
    ] {
        let refused = submit(&api, user, key, body).await;
        let found = (refused.status, refused.code());
        assert_eq!(found, (422, "validation-failed".to_owned()));
    }
    api.ports().clock.advance_millis(DAY_MS);
    assert_eq!(submit(&api, &user, "k", &body).await.status, 422);
    assert_eq!(api.database().count("jobs"), 1);
}

#[tokio::test]
async fn the_first_answer_is_given_again_and_nothing_is_sent() {
    let api = Api::new();
    let user = api.user().await;
    api.ports().jobs.set_broken(true);
    let first = submit(&api, &user, "\"k\"", &hello()).await;
    assert_eq!((first.status, is_repeated(&first)), (202, false));
    api.ports().jobs.set_broken(false);
    let job = first.json()["jobId"].as_str().expect("an id").to_owned();
    for state in [
        "queued",
        "running",
        "retry_scheduled",
        "succeeded",
        "dead_lettered",
    ] {
        api.put_job(&job, state);
        let again = submit(&api, &user, "\"k\"", &hello()).await;
        assert_eq!((again.status, is_repeated(&again)), (202, true), "{state}");
        assert_eq!(again.text, first.text);
        for header in ["location", "retry-after", "cache-control"] {
            assert_eq!(again.header(header), first.header(header));
        }
    }
    assert!(api.ports().jobs.take().is_empty(), "the sweep sends it");
    let event = api.events().pop().expect("an event");
    assert_eq!(event["job.id"], job.as_str());
}

#[tokio::test]
async fn the_same_body_is_the_same_json_and_the_same_key_the_same_string() {
    let api = Api::new();
    let user = api.user().await;
    let first = submit(&api, &user, "\"k\"", &hello()).await;
    let spaced = "{ \"metadata\" : {\"b\":\"2\",\n\"a\":\"1\"}, \"prompt\":\"\\u0048ello\" }";
    let mut other = keyed(&user, "k", &hello());
    *other.body_mut() = spaced.into();
    let again = api.send(other).await;
    assert_eq!((again.text, again.status), (first.text, 202));
    assert_eq!(api.database().count("jobs"), 1);
}

#[tokio::test]
async fn another_body_for_the_same_key_is_refused() {
    let api = Api::new();
    let user = api.user().await;
    submit(&api, &user, "k", &hello()).await;
    api.ports().jobs.take();
    for (name, value) in [
        ("prompt", json!("hello")),
        ("maxAttempts", json!(5)),
        ("metadata", json!({"a": "2", "b": "1"})),
    ] {
        let mut body = hello();
        body[name] = value;
        let reply = submit(&api, &user, "k", &body).await;
        assert_eq!(
            (reply.status, reply.code()),
            (422, "idempotency-key-reused".to_owned()),
            "{name}"
        );
        assert!(!is_repeated(&reply));
    }
    assert_eq!(api.database().count("jobs"), 1);
    assert!(api.ports().jobs.take().is_empty());
    assert!(is_repeated(&submit(&api, &user, "k", &hello()).await));
}

#[tokio::test]
async fn a_key_belongs_to_its_tenant() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let own = submit(&api, &user, "k", &hello()).await;
    let foreign = submit(&api, &other, "k", &hello()).await;
    assert_eq!((own.status, foreign.status), (202, 202));
    assert_ne!(own.json()["jobId"], foreign.json()["jobId"]);
    assert!(!is_repeated(&foreign));
}

#[tokio::test]
async fn what_is_no_key_is_refused_with_its_rule() {
    let api = Api::new();
    let user = api.user().await;
    let before = api.rows();
    let (long, quoted) = ("k".repeat(256), format!("\"{}\"", "k".repeat(256)));
    for (value, rule) in [
        ("", "empty"),
        ("\"\"", "empty"),
        (long.as_str(), "255"),
        (quoted.as_str(), "255"),
        ("a\tb", "visible"),
        ("\"tab\tbed\"", "visible"),
        ("\"open", "double quotes"),
        ("\"a\" \"b\"", "double quotes"),
        ("\"a\", \"b\"", "double quotes"),
        ("\"\\x\"", "double quotes"),
        ("two words", "double quotes"),
        ("a,b", "double quotes"),
    ] {
        let reply = submit(&api, &user, value, &hello()).await;
        assert_eq!(
            (reply.status, reply.code()),
            (400, "idempotency-key-invalid".to_owned()),
            "{value}"
        );
        let detail = reply.json()["detail"].to_string();
        assert!(detail.contains(rule), "{value}: {detail}");
        assert!(!detail.contains("kkkk"), "the value is not repeated");
    }
    for bytes in [&b"caf\xc3\xa9"[..], b"\"\xff\""] {
        let mut post = request(Method::POST, GENERATE, &user.key, Some(&hello()));
        let value = HeaderValue::from_bytes(bytes).expect("a header may hold it");
        post.headers_mut().insert("idempotency-key", value);
        let reply = api.send(post).await;
        assert_eq!(reply.code(), "idempotency-key-invalid");
        assert!(reply.text.contains("visible"));
    }
    let twice = with_header(keyed(&user, "a", &hello()), "idempotency-key", "a");
    let reply = api.send(twice).await;
    assert_eq!(reply.code(), "idempotency-key-invalid");
    assert!(reply.text.contains("once"));
    assert_eq!(api.rows(), before);
    assert!(api.ports().jobs.take().is_empty());
}

#[tokio::test]
async fn the_longest_key_and_the_oddest_are_taken() {
    let api = Api::new();
    let user = api.user().await;
    let odd = r#""with \"quotes\", \\, commas; and spaces""#;
    for key in [&"k".repeat(255), &format!("\"{}\"", "k".repeat(254)), odd] {
        let first = submit(&api, &user, key, &hello()).await;
        assert_eq!((first.status, is_repeated(&first)), (202, false), "{key}");
        assert!(is_repeated(&submit(&api, &user, key, &hello()).await));
    }
    assert_eq!(
        api.database()
            .text("SELECT idempotency_key FROM jobs WHERE idempotency_key LIKE '%spaces'"),
        r#"with "quotes", \, commas; and spaces"#
    );
}

#[tokio::test]
async fn a_refused_request_does_not_use_up_its_key() {
    let api = Api::new();
    let user = api.user().await;
    assert_eq!(submit(&api, &user, "k", &json!({})).await.status, 422);
    let mut garbage = keyed(&user, "k", &hello());
    *garbage.body_mut() = "{".into();
    assert_eq!(api.send(garbage).await.status, 400);
    let reader = api.key(&user.id, &["jobs:read"]).await;
    let reader = Tenant {
        id: user.id.clone(),
        key: reader,
    };
    assert_eq!(submit(&api, &reader, "k", &hello()).await.status, 403);
    assert_eq!(api.database().count("jobs"), 0);
    let reply = submit(&api, &user, "k", &hello()).await;
    assert_eq!((reply.status, is_repeated(&reply)), (202, false));
}

#[tokio::test]
async fn an_insert_whose_answer_was_lost_is_found_again_by_its_own_request() {
    let api = Api::new();
    let user = api.user().await;
    submit(&api, &user, "other", &hello()).await;
    api.ports().jobs.take();
    api.database().script(vec![Step::FailAfter(transient()); 2]);
    let reply = submit(&api, &user, "k", &hello()).await;
    assert_eq!((reply.status, is_repeated(&reply)), (202, false));
    assert_eq!(api.database().count("jobs"), 2);
    assert_eq!(api.ports().jobs.take().len(), 1);
}

#[tokio::test]
async fn a_client_that_got_no_answer_asks_again_and_gets_the_job_that_was_made() {
    let api = Api::new();
    let user = api.user().await;
    submit(&api, &user, "other", &hello()).await;
    api.ports().jobs.take();
    for (step, repeated) in [
        (Step::FailAfter(transient()), true),
        (Step::FailBefore(transient()), false),
    ] {
        let key = format!("{repeated}");
        api.database().script(vec![step; 3]);
        let lost = submit(&api, &user, &key, &hello()).await;
        assert_eq!(
            (lost.status, lost.code()),
            (503, "storage-unavailable".to_owned())
        );
        assert_eq!(lost.header("retry-after"), Some("2"));
        let reply = submit(&api, &user, &key, &hello()).await;
        assert_eq!((reply.status, is_repeated(&reply)), (202, repeated));
        assert_eq!(
            api.database().text(&format!(
                "SELECT group_concat(id) FROM jobs WHERE idempotency_key = '{key}'"
            )),
            reply.json()["jobId"].as_str().expect("an id")
        );
    }
}

#[tokio::test]
async fn an_overloaded_database_is_given_time() {
    let api = Api::new();
    let user = api.user().await;
    submit(&api, &user, "other", &hello()).await;
    let overloaded = DatabaseError::Overloaded("D1 DB is overloaded".to_owned());
    let before = api.database().batches();
    api.database().script([Step::FailBefore(overloaded)]);
    let reply = submit(&api, &user, "k", &hello()).await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("10"))
    );
    assert_eq!(api.database().batches() - before, 1);
}

#[tokio::test]
async fn a_key_names_a_new_request_after_a_day() {
    let api = Api::new();
    let user = api.user().await;
    let first = submit(&api, &user, "k", &hello()).await;
    api.ports().clock.advance_millis(DAY_MS - 1);
    assert_eq!(submit(&api, &user, "k", &hello()).await.text, first.text);
    api.ports().clock.advance_millis(1);
    let other = json!({"prompt": "Something else"});
    let second = submit(&api, &user, "k", &other).await;
    assert_eq!((second.status, is_repeated(&second)), (202, false));
    assert_ne!(second.json()["jobId"], first.json()["jobId"]);
    assert_eq!(submit(&api, &user, "k", &other).await.text, second.text);
    assert_eq!(
        api.database()
            .text("SELECT count(*) || '' FROM jobs WHERE idempotency_key = 'k'"),
        "1"
    );
    // The first job lost its key, and nothing else.
    let path = format!(
        "/api/v1/jobs/{}",
        first.json()["jobId"].as_str().expect("an id")
    );
    assert_eq!(api.get(&path, &user.key).await.status, 200);
}

#[tokio::test]
async fn a_request_without_a_key_is_a_new_one_each_time() {
    let api = Api::new();
    let user = api.user().await;
    let replies = [(); 2].map(|()| request(Method::POST, GENERATE, &user.key, Some(&hello())));
    for post in replies {
        assert!(!is_repeated(&api.send(post).await));
    }
    assert_eq!(api.database().count("jobs"), 2);
    assert_eq!(
        api.database()
            .text("SELECT count(idempotency_key) || count(request_hash) FROM jobs"),
        "00"
    );
}

#[tokio::test]
async fn routes_that_do_not_keep_the_promise_refuse_the_header() {
    let api = Api::new();
    let user = api.user().await;
    let before = api.rows();
    for (path, body) in [
        ("/api/v1/admin/tenants", json!({"name": "x"})),
        (
            "/api/v1/admin/keys",
            json!({"tenantId": user.id, "name": "x", "scopes": ["jobs:read"]}),
        ),
    ] {
        for value in ["\"k\"", ""] {
            let post = request(Method::POST, path, ADMIN_KEY, Some(&body));
            let reply = api.send(with_header(post, "idempotency-key", value)).await;
            assert_eq!(
                (reply.status, reply.code()),
                (400, "idempotency-not-supported".to_owned()),
                "{path}"
            );
        }
    }
    assert_eq!(api.rows(), before);
}
