//! Files and Batches as clients of OpenAI's ask for them.

use crate::support::{Api, Reply, Step, Tenant, form, line, request, with_header};
use http::Method;
use redrive_shared::database::DatabaseError;
use serde_json::{Value, json};

const FILE: (&str, Option<&str>, &[u8]) = ("file", Some("lines.jsonl"), b"{}\n");
const PURPOSE: (&str, Option<&str>, &[u8]) = ("purpose", None, b"batch");

async fn send(api: &Api, tenant: &Tenant, method: Method, path: &str) -> Reply {
    api.send(request(method, path, &tenant.key, None)).await
}

/// Status, code and parameter of an error.
fn error(reply: &Reply) -> (u16, String, Value) {
    let error = &reply.json()["error"];
    let code = error["code"].as_str().expect("a code").to_owned();
    (reply.status, code, error["param"].clone())
}

fn invalid(param: &str) -> (u16, String, Value) {
    (400, "validation_failed".to_owned(), json!(param))
}

#[tokio::test]
async fn a_file_is_stored_read_and_deleted() {
    let api = Api::new();
    let tenant = api.user().await;
    let text = "{\"grün\": 1}\r\n\nno line end";
    let uploaded = api.upload(&tenant, text.as_bytes()).await.json();
    let id = uploaded["id"].as_str().expect("an id").to_owned();
    let expected = json!({
        "id": id,
        "object": "file",
        "bytes": text.len(),
        "created_at": 1_795_258_517,
        "expires_at": 1_795_258_517 + 2_592_000,
        "filename": "lines.jsonl",
        "purpose": "batch",
        "status": "processed",
        "status_details": null,
    });
    assert_eq!(uploaded, expected);
    let path = format!("/v1/files/{id}");
    assert_eq!(api.get(&path, &tenant.key).await.json(), expected);
    let content = api.get(&format!("{path}/content"), &tenant.key).await;
    assert_eq!(
        content.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(content.text, text);
    let deleted = send(&api, &tenant, Method::DELETE, &path).await;
    let expected = json!({"id": id, "object": "file", "deleted": true});
    assert_eq!((deleted.status, deleted.json()), (200, expected));
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::GET, format!("{path}/content")),
        (Method::DELETE, path),
    ] {
        let reply = send(&api, &tenant, method, &path).await;
        assert_eq!(error(&reply), (404, "not_found".to_owned(), json!(null)));
    }
    let left = ["files", "file_chunks"].map(|table| api.database().count(table));
    assert_eq!(left, [0, 0]);
}

#[tokio::test]
async fn the_parts_of_a_form_come_in_any_order() {
    let api = Api::new();
    let tenant = api.user().await;
    let anchor = ("expires_after[anchor]", None, &b"created_at"[..]);
    let seconds = ("expires_after[seconds]", None, &b"3600"[..]);
    for parts in [
        [PURPOSE, FILE, anchor, seconds],
        [FILE, PURPOSE, seconds, anchor],
        [anchor, seconds, FILE, PURPOSE],
    ] {
        let reply = api.send(form("/v1/files", &tenant.key, &parts)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.json()["expires_at"], 1_795_258_517 + 3_600);
    }
}

#[tokio::test]
async fn a_form_says_what_is_wrong_and_nothing_of_it_is_kept() {
    let api = Api::new();
    let tenant = api.user().await;
    let anchor = |value: &'static str| ("expires_after[anchor]", None, value.as_bytes());
    let seconds = |value: &'static str| ("expires_after[seconds]", None, value.as_bytes());
    for (parts, param) in [
        (vec![PURPOSE], "file"),
        (vec![FILE], "purpose"),
        (vec![FILE, ("purpose", None, b"vision")], "purpose"),
        (vec![("purpose", None, b"vision"), FILE], "purpose"),
        (vec![FILE, PURPOSE, PURPOSE], "purpose"),
        (vec![FILE, PURPOSE, FILE], "file"),
        (vec![PURPOSE, ("file", None, b"{}")], "file"),
        (vec![FILE, PURPOSE, ("other", None, b"x")], "other"),
        (vec![FILE, PURPOSE, ("other", Some("a"), b"x")], "other"),
        (
            vec![FILE, PURPOSE, seconds("3600")],
            "expires_after[anchor]",
        ),
        (
            vec![FILE, PURPOSE, anchor("created_at")],
            "expires_after[seconds]",
        ),
        (
            vec![FILE, PURPOSE, anchor("now"), seconds("3600")],
            "expires_after[anchor]",
        ),
        (
            vec![FILE, PURPOSE, anchor("created_at"), seconds("3599")],
            "expires_after[seconds]",
        ),
        (
            vec![FILE, PURPOSE, anchor("created_at"), seconds("1e4")],
            "expires_after[seconds]",
        ),
        (vec![PURPOSE, ("file", Some("a"), b"{}\n\xff\n")], "file"),
    ] {
        let reply = api.send(form("/v1/files", &tenant.key, &parts)).await;
        assert_eq!(error(&reply), invalid(param), "{parts:?}");
        assert_eq!(reply.json()["error"]["type"], "invalid_request_error");
    }
    assert_eq!(api.database().count("files"), 0);
    let broken = request(Method::POST, "/v1/files", &tenant.key, Some(&json!({})));
    let reply = api.send(broken).await;
    let expected = (415, "unsupported_media_type".to_owned(), json!(null));
    assert_eq!(error(&reply), expected);
}

#[tokio::test]
async fn files_are_listed_page_by_page_from_either_end() {
    let api = Api::new();
    let (tenant, other) = (api.user().await, api.user().await);
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(api.file(&tenant).await);
        api.ports().clock.advance_millis(1_000);
    }
    api.file(&other).await;
    api.batch(&tenant).await;
    let list = async |query: &str| {
        let page = api
            .get(&format!("/v1/files{query}"), &tenant.key)
            .await
            .json();
        assert_eq!(page["object"], "list");
        let files = page["data"].as_array().expect("files");
        let ids: Vec<_> = files.iter().map(|file| file["id"].clone()).collect();
        let ends = (page["first_id"].clone(), page["last_id"].clone());
        let first_and_last = (ids.first().cloned(), ids.last().cloned());
        assert_eq!(
            ends,
            (
                first_and_last.0.unwrap_or_default(),
                first_and_last.1.unwrap_or_default()
            )
        );
        (ids, page["has_more"] == true)
    };
    let (one, two, three) = (json!(made[0]), json!(made[1]), json!(made[2]));
    let all = (vec![three.clone(), two.clone(), one.clone()], false);
    for query in ["", "?purpose=batch", "?limit=3", "?limit=10000&order=desc"] {
        assert_eq!(list(query).await, all, "{query}");
    }
    assert_eq!(list("?limit=2").await, (vec![three, two.clone()], true));
    let rest = format!("?limit=2&after={}", made[1]);
    assert_eq!(list(&rest).await, (vec![one.clone()], false));
    assert_eq!(list("?order=asc&limit=2").await, (vec![one, two], true));
    for purpose in ["batch_output", "assistants"] {
        assert_eq!(list(&format!("?purpose={purpose}")).await, (vec![], false));
    }
    for (query, param) in [
        ("?limit=0", "limit"),
        ("?limit=10001", "limit"),
        ("?limit=x", "limit"),
        ("?order=up", "order"),
        ("?after=file-x", "after"),
        ("?page=2", "page"),
    ] {
        let reply = api.get(&format!("/v1/files{query}"), &tenant.key).await;
        assert_eq!(error(&reply), invalid(param), "{query}");
    }
}

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

#[tokio::test]
async fn every_problem_below_v1_comes_in_the_envelope() {
    let api = Api::new();
    let tenant = api.user().await;
    let reader = Tenant {
        key: api.key(&tenant.id, &["jobs:read"]).await,
        id: tenant.id.clone(),
    };
    let told = |reply: &Reply| {
        let kind = reply.json()["error"]["type"].clone();
        let (status, code, param) = error(reply);
        assert_eq!(param, json!(null));
        (status, code, kind)
    };
    let expected = |status: u16, code: &str, kind: &str| (status, code.to_owned(), json!(kind));
    let unknown = api.get("/v1/models", &tenant.key).await;
    assert_eq!(
        told(&unknown),
        expected(404, "route_not_found", "invalid_request_error")
    );
    let method = send(&api, &tenant, Method::PATCH, "/v1/files").await;
    assert_eq!(
        told(&method),
        expected(405, "method_not_allowed", "invalid_request_error")
    );
    assert_eq!(method.header("allow"), Some("POST, GET, HEAD, OPTIONS"));
    let stranger = api.get("/v1/files", "sk-1").await;
    assert_eq!(
        told(&stranger),
        expected(401, "unauthenticated", "authentication_error")
    );
    let scope = api.upload(&reader, b"{}").await;
    assert_eq!(
        told(&scope),
        expected(403, "insufficient_scope", "permission_error")
    );
    let error = || DatabaseError::Other("no".to_owned());
    api.get("/v1/files", &tenant.key).await;
    api.database().script([Step::FailBefore(error())]);
    let down = api.get("/v1/files", &tenant.key).await;
    assert_eq!(
        told(&down),
        expected(503, "storage_unavailable", "server_error")
    );
    assert_eq!(down.header("retry-after"), Some("2"));
    let elsewhere = api.get("/api/v1/nothing", &tenant.key).await;
    assert_eq!(elsewhere.code(), "route-not-found");
}

#[tokio::test]
async fn a_file_whose_storing_fails_is_not_half_there() {
    let api = Api::new();
    let tenant = api.user().await;
    api.get("/v1/files", &tenant.key).await;
    let error = || DatabaseError::Other("no".to_owned());
    for steps in 0..3 {
        let mut script = vec![Step::Run; steps];
        script.push(Step::FailBefore(error()));
        api.database().script(script);
        let reply = api.upload(&tenant, line("a").to_string().as_bytes()).await;
        assert_eq!(reply.status, 503, "{steps}: {reply:?}");
        api.database().script([]);
    }
    let listed = api.get("/v1/files", &tenant.key).await.json();
    assert_eq!(listed["data"], json!([]));
}
