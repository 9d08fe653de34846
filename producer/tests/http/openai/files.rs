//! Files.

use super::{FILE, PURPOSE, error, invalid, send};
use crate::support::{Api, Step, form, line, request};
use http::Method;
use redrive_shared::database::DatabaseError;
use serde_json::json;

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
