//! `POST /api/v1/generate`.

use crate::support::{Api, START, Step, Tenant, request};
use http::Method;
use redrive_shared::clock::Clock;
use redrive_shared::database::DatabaseError;
use redrive_shared::message::JobMessage;
use serde_json::json;

fn transient() -> DatabaseError {
    DatabaseError::Transient("Network connection lost".to_owned())
}

async fn submit(api: &Api, user: &Tenant) -> crate::support::Reply {
    api.post("/api/v1/generate", &user.key, &json!({"prompt": "Hello"}))
        .await
}

#[tokio::test]
async fn a_submitted_job_is_in_the_database_and_on_the_queue() {
    let api = Api::new();
    let user = api.user().await;
    let body = json!({
        "messages": [{"role": "user", "content": "Hello"}],
        "model": "some-model", "refType": "ticket", "refId": "4711",
        "metadata": {"team": "support"}, "deadlineSeconds": 60, "maxAttempts": 3
    });
    let reply = api.post("/api/v1/generate", &user.key, &body).await;
    assert_eq!(reply.status, 202);
    let accepted = reply.json();
    let job = accepted["jobId"].as_str().expect("an id");
    assert_eq!(
        accepted,
        json!({
            "success": true, "jobId": job, "status": "queued",
            "statusUrl": format!("http://api.test/api/v1/jobs/{job}")
        })
    );
    assert_eq!(reply.header("location"), accepted["statusUrl"].as_str());
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));

    let sent = api.ports().jobs.take();
    assert_eq!(sent.len(), 1);
    let message = JobMessage::decode(&sent[0]).expect("a job message");
    assert_eq!(
        (message.job_id.as_str(), message.tenant_id.as_str()),
        (job, user.id.as_str())
    );

    let status = api
        .get(&format!("/api/v1/jobs/{job}"), &user.key)
        .await
        .json();
    assert_eq!(
        status,
        json!({
            "jobId": job, "kind": "generate", "status": "queued", "attempt": 0,
            "createdAt": "2026-11-21T10:55:17.372Z", "deadlineAt": "2026-11-21T10:56:17.372Z",
            "model": "some-model", "refType": "ticket", "refId": "4711",
            "metadata": {"team": "support"}, "attempts": []
        })
    );
    assert_eq!(
        api.database().text("SELECT max_attempts || '' FROM jobs"),
        "3"
    );
}

#[tokio::test]
async fn the_status_url_is_where_the_client_came_to() {
    let api = Api::new();
    let user = api.user().await;
    let body = json!({"prompt": "Hello"});
    let absolute = "https://jobs.example.com:8443/api/v1/generate";
    let reply = api
        .send(request(Method::POST, absolute, &user.key, Some(&body)))
        .await;
    let url = reply.json()["statusUrl"]
        .as_str()
        .expect("a url")
        .to_owned();
    assert!(
        url.starts_with("https://jobs.example.com:8443/api/v1/jobs/job_"),
        "{url}"
    );

    for host in ["user:secret@evil.test", "evil.test/path", "a b", ""] {
        let mut odd = request(Method::POST, "/api/v1/generate", &user.key, Some(&body));
        odd.headers_mut()
            .insert("host", host.parse().expect("a header"));
        let reply = api.send(odd).await;
        let url = reply.json()["statusUrl"]
            .as_str()
            .expect("a url")
            .to_owned();
        assert!(url.starts_with("/api/v1/jobs/job_"), "{host}: {url}");
    }
}

#[tokio::test]
async fn a_queue_that_takes_nothing_does_not_change_the_answer() {
    let api = Api::new();
    let user = api.user().await;
    api.ports().jobs.set_broken(true);
    let reply = submit(&api, &user).await;
    assert_eq!(reply.status, 202);
    assert_eq!(api.database().count("jobs"), 1);
    let event = api
        .events()
        .into_iter()
        .find(|event| event["event"] == "send_failed");
    let event = event.expect("it is logged");
    assert_eq!(
        (&event["queue"], &event["messages"]),
        (&json!("jobs"), &json!(1))
    );
}

#[tokio::test]
async fn a_moment_of_database_failure_is_ridden_out() {
    let api = Api::new();
    let user = api.user().await;
    api.database().script([
        Step::FailBefore(transient()),
        Step::Run,
        Step::FailBefore(transient()),
    ]);
    assert_eq!(submit(&api, &user).await.status, 202);
    assert_eq!(api.database().count("jobs"), 1);
}

#[tokio::test]
async fn an_insert_whose_answer_was_lost_makes_one_job_and_one_message() {
    let api = Api::new();
    let user = api.user().await;
    api.database().script([
        Step::Run,
        Step::FailAfter(transient()),
        Step::FailAfter(transient()),
    ]);
    assert_eq!(submit(&api, &user).await.status, 202);
    assert_eq!(api.database().count("jobs"), 1);
    assert_eq!(api.ports().jobs.take().len(), 1);
}

#[tokio::test]
async fn a_database_that_is_down_promises_nothing_and_nothing_is_sent() {
    let errors = [
        (transient(), 3, "2"),
        (
            DatabaseError::Overloaded("D1 DB is overloaded".to_owned()),
            1,
            "10",
        ),
        (
            DatabaseError::Other("no such table: jobs".to_owned()),
            1,
            "2",
        ),
    ];
    for (error, tries, retry_after) in errors {
        let api = Api::new();
        let user = api.user().await;
        submit(&api, &user).await;
        api.ports().jobs.take();
        let before = api.database().batches();
        api.database()
            .script(vec![Step::FailBefore(error.clone()); 9]);
        let reply = submit(&api, &user).await;
        assert_eq!(reply.status, 503, "{error}");
        assert_eq!(reply.code(), "storage-unavailable");
        assert_eq!(reply.header("retry-after"), Some(retry_after));
        assert!(
            !reply.text.contains("no such table"),
            "the cause is not shown"
        );
        assert_eq!(api.database().batches() - before, tries, "{error}");
        assert_eq!(api.database().count("jobs"), 1);
        assert!(api.ports().jobs.take().is_empty());
        let event = api.events().pop().expect("an event");
        assert_eq!(event["error.code"], "storage-unavailable");
        assert!(
            event["error.message"]
                .as_str()
                .is_some_and(|message| message == error.to_string())
        );
    }
}

#[tokio::test]
async fn a_job_whose_insert_is_never_confirmed_is_refused_and_not_sent() {
    let api = Api::new();
    let user = api.user().await;
    let mut script = vec![Step::Run];
    script.extend(vec![Step::FailAfter(transient()); 3]);
    api.database().script(script);
    assert_eq!(submit(&api, &user).await.status, 503);
    assert!(api.ports().jobs.take().is_empty());
    assert_eq!(
        api.database().count("jobs"),
        1,
        "the sweep finds it, and it runs once"
    );
    assert!(api.ports().clock.now().millis_since(START) < 1_000);
}

#[tokio::test]
async fn text_is_kept_byte_for_byte() {
    let api = Api::new();
    let user = api.user().await;
    let prompt = "RTL \u{202e}, zero\u{200b}width, 👩‍👩‍👧, \u{10ffff}, \\\" \t";
    let body = json!({"prompt": prompt, "metadata": {"__proto__": "x", "constructor": "y"}});
    let reply = api.post("/api/v1/generate", &user.key, &body).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    let stored = api
        .database()
        .text("SELECT json_extract(request, '$.messages[0].content') FROM jobs");
    assert_eq!(stored, prompt);
    let path = format!(
        "/api/v1/jobs/{}",
        reply.json()["jobId"].as_str().expect("an id")
    );
    let document = api.get(&path, &user.key).await.json();
    assert_eq!(
        document["metadata"],
        json!({"__proto__": "x", "constructor": "y"})
    );
}
