//! Batches of files.

use super::{FILE, PURPOSE, error, invalid, send};
use crate::support::{Api, form, request, with_header};
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_batch_is_made_of_a_file_shown_listed_and_cancelled() {
    let api = Api::new();
    let tenant = api.user().await;
    let file = api.file(&tenant).await;
    let labels = json!({"team": "a"});
    let reply = api
        .submit_file(&tenant, &file, ("metadata", labels.clone()))
        .await;
    let made = reply.json();
    assert_eq!(reply.status, 200, "{made}");
    assert_eq!(
        (&made["status"], &made["object"]),
        (&json!("validating"), &json!("batch"))
    );
    assert_eq!(
        (&made["input_file_id"], &made["metadata"]),
        (&json!(file), &labels)
    );
    assert_eq!(made["expires_at"], 1_795_258_517 + 86_400);
    let id = made["id"].as_str().expect("an id").to_owned();
    let sent = api.ports().tasks.take();
    assert!(sent.len() == 1 && sent[0].contains(&id), "{sent:?}");

    let path = format!("/v1/batches/{id}");
    assert_eq!(api.get(&path, &tenant.key).await.json(), made);
    let native = api.get(&format!("/api/v1/batches/{id}"), &tenant.key).await;
    assert_eq!(native.json()["status"], "validating");
    // A batch of our own shape is none of these.
    let own = api.batch(&tenant).await;
    let listed = api.get("/v1/batches", &tenant.key).await.json();
    assert_eq!(listed["data"], json!([made]));
    assert_eq!(listed["has_more"], false);
    for path in [
        format!("/v1/batches/{own}"),
        "/v1/batches/batch_1".to_owned(),
    ] {
        assert_eq!(api.get(&path, &tenant.key).await.status, 404);
        let cancel = format!("{path}/cancel");
        assert_eq!(send(&api, &tenant, Method::POST, &cancel).await.status, 404);
    }

    let in_use = send(&api, &tenant, Method::DELETE, &format!("/v1/files/{file}")).await;
    assert_eq!(error(&in_use), (409, "file_in_use".to_owned(), json!(null)));
    assert_eq!(in_use.header("x-should-retry"), Some("false"));

    let cancel = format!("{path}/cancel");
    for _ in 0..2 {
        let cancelled = send(&api, &tenant, Method::POST, &cancel).await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
        assert_eq!(cancelled.json()["status"], "cancelling");
        assert_eq!(cancelled.json()["cancelling_at"], 1_795_258_517);
    }
    api.database().execute(
        "UPDATE batches SET status = 'cancelled', due_at_ms = NULL, completed_at_ms = created_at_ms, \
         expires_at_ms = created_at_ms + 1 WHERE endpoint IS NOT NULL",
    );
    let ended = send(&api, &tenant, Method::POST, &cancel).await;
    assert_eq!(error(&ended), (409, "batch_ended".to_owned(), json!(null)));
}

#[tokio::test]
async fn batches_are_listed_page_by_page() {
    let api = Api::new();
    let tenant = api.user().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(api.file_batch(&tenant).await);
        api.ports().clock.advance_millis(1_000);
    }
    let list = async |query: &str| {
        let page = api
            .get(&format!("/v1/batches{query}"), &tenant.key)
            .await
            .json();
        let batches = page["data"].as_array().expect("batches").clone();
        let ids: Vec<_> = batches
            .into_iter()
            .map(|batch| batch["id"].clone())
            .collect();
        (json!(ids), page["has_more"] == true)
    };
    assert_eq!(list("?limit=2").await, (json!([made[2], made[1]]), true));
    let rest = format!("?limit=2&after={}", made[1]);
    assert_eq!(list(&rest).await, (json!([made[0]]), false));
    for (query, param) in [
        ("?limit=101", "limit"),
        ("?after=x", "after"),
        ("?order=asc", "order"),
    ] {
        let reply = api.get(&format!("/v1/batches{query}"), &tenant.key).await;
        assert_eq!(error(&reply), invalid(param), "{query}");
    }
}

#[tokio::test]
async fn a_batch_says_what_is_wrong() {
    let api = Api::new();
    let tenant = api.user().await;
    let file = api.file(&tenant).await;
    let labels: Value = (0..17)
        .map(|number| (number.to_string(), json!("x")))
        .collect();
    for (name, value, param) in [
        ("input_file_id", json!("file-1"), "input_file_id"),
        ("input_file_id", json!(1), "input_file_id"),
        ("endpoint", json!("/v1/embeddings"), "endpoint"),
        ("completion_window", json!("1h"), "completion_window"),
        ("metadata", json!({"a": 1}), "metadata.a"),
        ("metadata", labels, "metadata"),
        (
            "output_expires_after",
            json!({"anchor": "created_at"}),
            "output_expires_after.seconds",
        ),
        (
            "output_expires_after",
            json!({"anchor": "created_at", "seconds": 60}),
            "output_expires_after.seconds",
        ),
        ("priority", json!(1), "priority"),
    ] {
        let reply = api.submit_file(&tenant, &file, (name, value)).await;
        assert_eq!(error(&reply), invalid(param));
    }
    let other = api.user().await;
    let foreign = api
        .submit_file(&other, &file, ("metadata", json!(null)))
        .await;
    assert_eq!(error(&foreign), invalid("input_file_id"));
    assert_eq!(api.database().count("batches"), 0);
}

#[tokio::test]
async fn a_batch_is_made_once_with_a_key_and_a_word_that_is_no_key_is_passed_over() {
    let api = Api::new();
    let tenant = api.user().await;
    let file = api.file(&tenant).await;
    let submit = async |key: &str, endpoint: &str| {
        let body = json!({
            "input_file_id": file, "endpoint": endpoint, "completion_window": "24h",
        });
        let asked = request(Method::POST, "/v1/batches", &tenant.key, Some(&body));
        api.send(with_header(asked, "idempotency-key", key)).await
    };
    let first = submit("stainless-node-retry-1", "/v1/responses").await;
    let again = submit("stainless-node-retry-1", "/v1/responses").await;
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let reused = submit("stainless-node-retry-1", "/v1/chat/completions").await;
    let expected = (400, "idempotency_key_reused".to_owned(), json!(null));
    assert_eq!(error(&reused), expected);
    let long = "x".repeat(300);
    assert_eq!(submit(&long, "/v1/responses").await.status, 200);
    assert_eq!(api.database().count("batches"), 2);
    let parts = [FILE, PURPOSE];
    let upload = form("/v1/files", &tenant.key, &parts);
    let upload = with_header(upload, "idempotency-key", &long);
    assert_eq!(api.send(upload).await.status, 200);
}
