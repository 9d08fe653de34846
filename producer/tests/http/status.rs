//! `GET /api/v1/jobs/{id}` and `GET /api/v1/generate/{id}/status`.

use crate::support::{Api, Reply, START, Step, Tenant, request, with_header};
use http::Method;
use redrive_shared::clock::Clock;
use redrive_shared::database::DatabaseError;
use redrive_shared::status_cache::{StatusCache, key};

async fn read(api: &Api, user: &Tenant, job: &str, header: (&'static str, &str)) -> Reply {
    let request = request(Method::GET, &format!("/api/v1/jobs/{job}"), &user.key, None);
    api.send(with_header(request, header.0, header.1)).await
}

fn end(job: &str) -> Step {
    Step::After(format!(
        "UPDATE jobs SET state = 'cancelled', due_at_ms = NULL, completed_at_ms = 1, expires_at_ms = 2 WHERE id = '{job}'"
    ))
}

#[tokio::test]
async fn both_paths_give_the_same_document() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let one = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    let other = api
        .get(&format!("/api/v1/generate/{job}/status"), &user.key)
        .await;
    assert_eq!((one.status, &one.text), (other.status, &other.text));
    assert_eq!(one.header("etag"), other.header("etag"));
    assert_eq!(one.header("cache-control"), Some("private, no-cache"));
    assert_eq!(one.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn retry_after_says_when_the_document_may_change() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    for (state, retry_after) in [
        ("queued", Some("1")),
        ("running", Some("1")),
        ("retry_scheduled", Some("31")),
        ("succeeded", None),
        ("failed", None),
        ("dead_lettered", None),
        ("cancelled", None),
    ] {
        api.put_job(&job, state);
        let reply = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
        assert_eq!(reply.json()["status"], state);
        assert_eq!(reply.header("retry-after"), retry_after, "{state}");
    }
}

#[tokio::test]
async fn a_failure_is_shown_without_the_words_of_the_provider() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    api.put_job(&job, "failed");
    let reply = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    let error = &reply.json()["error"];
    assert_eq!(error["code"], "provider_error");
    assert_eq!(error["message"], "The provider failed.");
    assert!(!reply.text.contains("the provider said this"));
}

#[tokio::test]
async fn a_client_that_has_the_document_gets_304_until_it_changes() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let first = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    let tag = first.header("etag").expect("a tag").to_owned();

    let same = read(&api, &user, &job, ("if-none-match", &tag)).await;
    assert_eq!((same.status, same.text.as_str()), (304, ""));
    assert_eq!(same.header("etag"), Some(tag.as_str()));
    assert_eq!(same.header("content-type"), None);

    api.put_job(&job, "succeeded");
    let changed = read(&api, &user, &job, ("if-none-match", &tag)).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn a_cached_document_is_served_without_the_database() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let entry = key(
        &user.id.parse().expect("an id"),
        &job.parse().expect("an id"),
    );
    api.ports()
        .cache
        .put(&entry, r#"{"cached":true}"#.to_owned())
        .await
        .expect("it works");
    let before = api.database().batches();
    let reply = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    assert_eq!(
        (reply.status, reply.text.as_str()),
        (200, r#"{"cached":true}"#)
    );
    assert_eq!(reply.header("retry-after"), None);
    assert_eq!(api.database().batches(), before);
}

#[tokio::test]
async fn a_cached_document_of_another_tenant_is_not_served() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let job = api.job(&user).await;
    let entry = key(
        &user.id.parse().expect("an id"),
        &job.parse().expect("an id"),
    );
    api.ports()
        .cache
        .put(&entry, "{}".to_owned())
        .await
        .expect("it works");
    assert_eq!(
        api.get(&format!("/api/v1/jobs/{job}"), &other.key)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_broken_cache_only_costs_a_database_read() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let whole = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    api.ports().cache.set_broken(true);
    let reply = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    assert_eq!((reply.status, reply.text), (200, whole.text));
    assert!(
        api.events()
            .iter()
            .any(|event| event["event"] == "status_cache_failed")
    );
}

#[tokio::test]
async fn a_database_that_is_down_is_told_apart_from_an_unknown_job() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    api.database().script(vec![
        Step::FailBefore(DatabaseError::Overloaded(
            "overloaded".to_owned()
        ));
        9
    ]);
    let reply = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    assert_eq!(
        (reply.status, reply.code()),
        (503, "storage-unavailable".to_owned())
    );
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_our_fault_and_does_not_show() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    api.database()
        .execute("UPDATE jobs SET metadata = '\"my secret prompt\"'");
    let reply = api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    assert_eq!((reply.status, reply.code()), (500, "internal".to_owned()));
    assert!(!reply.text.contains("metadata") && !reply.text.contains("secret"));
    assert!(!api.ports().log.lines().join("\n").contains("secret prompt"));
}

#[tokio::test]
async fn a_waiting_client_is_answered_as_soon_as_the_job_ends() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    api.database()
        .script([Step::Run, Step::Run, Step::Run, end(&job)]);
    let reply = read(&api, &user, &job, ("prefer", "wait=20")).await;
    assert_eq!(reply.json()["status"], "cancelled");
    assert_eq!(reply.header("preference-applied"), Some("wait=20"));
    assert_eq!(reply.header("retry-after"), None);
    let waited = api.ports().clock.now().millis_since(START);
    assert_eq!(waited, 25 + 50 + 100, "the pauses grow");
}

#[tokio::test]
async fn a_waiting_client_is_answered_when_its_time_is_up() {
    for (asked, granted) in [("wait=3", 3), ("wait=25", 25), ("wait=3600", 25)] {
        let api = Api::new();
        let user = api.user().await;
        let job = api.job(&user).await;
        let reply = read(&api, &user, &job, ("prefer", asked)).await;
        assert_eq!(reply.json()["status"], "queued");
        assert_eq!(
            reply.header("preference-applied"),
            Some(format!("wait={granted}").as_str())
        );
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert_eq!(api.ports().clock.now().millis_since(START), granted * 1_000);
        assert!(
            api.database().batches() < 70,
            "it does not ask without a pause"
        );
    }
}

#[tokio::test]
async fn a_wait_that_cannot_be_read_is_no_wait() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    for prefer in ["wait=0", "wait=-1", "wait=soon", "wait", "respond-async"] {
        let reply = read(&api, &user, &job, ("prefer", prefer)).await;
        assert_eq!(
            (reply.status, reply.header("preference-applied")),
            (200, None),
            "{prefer}"
        );
    }
    assert_eq!(api.ports().clock.now(), START);
}

#[tokio::test]
async fn a_terminal_job_is_not_waited_for() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    api.put_job(&job, "dead_lettered");
    let reply = read(&api, &user, &job, ("prefer", "wait=25")).await;
    assert_eq!(reply.json()["status"], "dead_lettered");
    assert_eq!(api.ports().clock.now(), START);
}

#[tokio::test]
async fn a_database_that_fails_during_a_wait_ends_it_with_what_was_known() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let overloaded = Step::FailBefore(DatabaseError::Overloaded("overloaded".to_owned()));
    api.database().script([Step::Run, overloaded]);
    let reply = read(&api, &user, &job, ("prefer", "wait=25")).await;
    assert_eq!(
        (reply.status, reply.json()["status"].as_str()),
        (200, Some("queued"))
    );
    assert!(
        api.events()
            .iter()
            .any(|event| event["event"] == "wait_ended_early")
    );
}

#[tokio::test]
async fn an_id_that_is_none_is_as_unknown_as_any() {
    let api = Api::new();
    let user = api.user().await;
    let unknown = api
        .get(
            "/api/v1/jobs/job_0192f0c1000070008000000000000000",
            &user.key,
        )
        .await;
    assert_eq!(
        (unknown.status, unknown.code()),
        (404, "not-found".to_owned())
    );
    for id in [
        "x",
        "job_",
        "JOB_0192f0c1000070008000000000000000",
        "job_0192f0c1000070008000000000000000%00",
        "job_0192f0c1000070008000000000000000'--",
        "%F0%9F%92%A5",
        "..",
        "{id}",
    ] {
        let reply = api
            .get(
                &format!("/api/v1/jobs/{}", id.replace(['{', '}'], "%7B")),
                &user.key,
            )
            .await;
        assert_eq!(reply.without_request(), unknown.without_request(), "{id}");
    }
}
