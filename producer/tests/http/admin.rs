//! Tenants and keys.

use crate::support::{ADMIN_KEY, Api, Step, request};
use http::Method;
use redrive_shared::access::ApiKey;
use redrive_shared::database::DatabaseError;
use serde_json::{Value, json};

const TENANTS: &str = "/api/v1/admin/tenants";
const KEYS: &str = "/api/v1/admin/keys";

#[tokio::test]
async fn a_tenant_is_made_with_its_name() {
    let api = Api::new();
    let reply = api
        .post(TENANTS, ADMIN_KEY, &json!({"name": "Café «Süd» 🍰"}))
        .await;
    assert_eq!(reply.status, 201);
    let tenant = reply.json();
    assert_eq!(tenant["name"], "Café «Süd» 🍰");
    assert_eq!(tenant["createdAt"], "2026-11-21T10:55:17.372Z");
    assert_eq!(
        api.database().text("SELECT id FROM tenants"),
        tenant["tenantId"].as_str().expect("an id")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_key_is_shown_once_and_stored_as_a_hash_only() {
    let api = Api::new();
    let tenant = api.tenant(&["jobs:read"]).await.id;
    let body = json!({
        "tenantId": tenant, "name": "importer", "scopes": ["jobs:write", "jobs:read"],
        "expiresAt": "2027-01-31T00:00:00Z"
    });
    let reply = api.post(KEYS, ADMIN_KEY, &body).await;
    assert_eq!(
        (reply.status, reply.header("cache-control")),
        (201, Some("no-store"))
    );
    let made = reply.json();
    let key = made["key"].as_str().expect("a key");
    assert!(ApiKey::parse(key).is_ok());
    let id = made["keyId"].as_str().expect("an id");
    let known = json!({
        "keyId": id, "start": &key[..12], "tenantId": tenant, "name": "importer",
        "scopes": ["jobs:read", "jobs:write"], "createdAt": "2026-11-21T10:55:17.372Z",
        "expiresAt": "2027-01-31T00:00:00.0Z"
    });
    let mut shown = made.clone();
    shown.as_object_mut().expect("an object").remove("key");
    shown["expiresAt"] = known["expiresAt"].clone();
    assert_eq!(shown, known);

    let list = api
        .get(&format!("{KEYS}?tenantId={tenant}"), ADMIN_KEY)
        .await;
    assert!(!list.text.contains(key) && list.text.contains(id));
    let columns = "hash || id || tenant_id || name || start || scopes";
    let stored = api
        .database()
        .text(&format!("SELECT group_concat({columns}) FROM api_keys"));
    assert!(!stored.contains(key));
}

#[tokio::test]
async fn a_key_with_the_admin_scope_opens_the_admin_routes() {
    let api = Api::new();
    let admin = api.tenant(&["admin"]).await;
    assert_eq!(
        api.post(TENANTS, &admin.key, &json!({"name": "x"}))
            .await
            .status,
        201
    );
    assert_eq!(
        api.get("/api/v1/jobs", &admin.key).await.status,
        403,
        "no scope contains another"
    );
}

#[tokio::test]
async fn keys_are_listed_oldest_first_page_by_page() {
    let api = Api::new();
    let tenant = api.tenant(&["jobs:read"]).await.id;
    for _ in 0..4 {
        api.ports().clock.advance_millis(1);
        api.key(&tenant, &["ops:read"]).await;
    }
    api.tenant(&["jobs:read"]).await;
    let mut query = format!("{KEYS}?tenantId={tenant}&limit=2");
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let page = api.get(&query, ADMIN_KEY).await.json();
        let keys = page["data"].as_array().expect("a list").clone();
        sizes.push(keys.len());
        seen.extend(
            keys.iter()
                .map(|key| key["keyId"].as_str().expect("an id").to_owned()),
        );
        match page["nextCursor"].as_str() {
            Some(cursor) => query = format!("{KEYS}?tenantId={tenant}&limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    assert!(seen.is_sorted() && seen.len() == 5);
    let none = api
        .get(
            &format!("{KEYS}?tenantId=ten_0192f0c1000070008000000000000000"),
            ADMIN_KEY,
        )
        .await;
    assert_eq!(none.json(), json!({"data": [], "nextCursor": null}));
}

#[tokio::test]
async fn a_key_is_revoked_once_and_for_all() {
    let api = Api::new();
    let tenant = api.tenant(&["jobs:read"]).await.id;
    let id = api.database().text("SELECT id FROM api_keys");
    let revoke = || {
        api.send(request(
            Method::DELETE,
            &format!("{KEYS}/{id}"),
            ADMIN_KEY,
            None,
        ))
    };
    let first = revoke().await;
    assert_eq!(
        (first.status, &first.json()["tenantId"]),
        (200, &Value::String(tenant))
    );
    assert_eq!(first.json()["revokedAt"], "2026-11-21T10:55:17.372Z");
    api.ports().clock.advance_millis(60_000);
    assert_eq!(revoke().await.text, first.text);
}

#[tokio::test]
async fn a_wrong_body_makes_no_tenant_and_no_key() {
    let api = Api::new();
    let tenant = api.tenant(&["jobs:read"]).await.id;
    let before = api.rows();
    let long = "n".repeat(101);
    for (body, named) in [
        (json!({}), "/name"),
        (json!({"name": ""}), "/name"),
        (json!({"name": long}), "/name"),
        (json!({"name": "a\u{0}b"}), "/name"),
        (json!({"name": "a\nb"}), "/name"),
        (json!({"name": null}), "/name"),
        (json!({"name": ["x"]}), "/name"),
        (json!({"name": "x", "plan": "gold"}), "/plan"),
        (json!({"name": "x", "tenantId": tenant}), "/tenantId"),
        (json!([]), ""),
    ] {
        let reply = api.post(TENANTS, ADMIN_KEY, &body).await;
        assert_eq!(
            (reply.status, reply.named()),
            (422, vec![named.to_owned()]),
            "{body}"
        );
    }
    let unknown = "ten_0192f0c1000070008000000000000000";
    for (field, value) in [
        ("tenantId", json!("x")),
        ("tenantId", json!(unknown)),
        ("tenantId", json!(7)),
        ("name", json!("")),
        ("scopes", json!([])),
        ("scopes", json!("jobs:read")),
        ("scopes", json!(["jobs:*"])),
        ("scopes", json!(["jobs:read", "JOBS:READ"])),
        ("scopes", json!(vec!["jobs:read"; 6])),
        ("expiresAt", json!("2026-11-21T10:55:17.372Z")),
        ("expiresAt", json!("tomorrow")),
        ("expiresAt", json!(1_900_000_000)),
        ("expiresAt", json!(null)),
        ("revokedAt", json!("2027-01-31T00:00:00Z")),
    ] {
        let mut body = json!({"tenantId": tenant, "name": "x", "scopes": ["jobs:read"]});
        body[field] = value;
        let reply = api.post(KEYS, ADMIN_KEY, &body).await;
        assert_eq!(
            (reply.status, reply.named()),
            (422, vec![format!("/{field}")]),
            "{body}"
        );
    }
    assert_eq!(api.rows(), before);
}

#[tokio::test]
async fn key_lists_are_asked_for_strictly() {
    let api = Api::new();
    let tenant = api.tenant(&["jobs:read"]).await.id;
    for (query, named) in [
        (String::new(), "?tenantId"),
        ("?tenantId=x".to_owned(), "?tenantId"),
        (format!("?tenantId={tenant}&limit=0"), "?limit"),
        (format!("?tenantId={tenant}&cursor=key_"), "?cursor"),
        (format!("?tenantId={tenant}&name=x"), "?name"),
        (format!("?tenantId={tenant}&tenantId={tenant}"), "?tenantId"),
    ] {
        let reply = api.get(&format!("{KEYS}{query}"), ADMIN_KEY).await;
        assert_eq!(
            (reply.status, reply.named()),
            (422, vec![named.to_owned()]),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_database_that_is_down_fails_every_admin_route() {
    let api = Api::new();
    let tenant = api.tenant(&["jobs:read"]).await.id;
    let key = api.database().text("SELECT id FROM api_keys");
    let before = api.rows();
    let body = json!({"tenantId": tenant, "name": "x", "scopes": ["jobs:read"]});
    for (method, path, body) in [
        (Method::POST, TENANTS.to_owned(), Some(json!({"name": "x"}))),
        (Method::POST, KEYS.to_owned(), Some(body)),
        (Method::GET, format!("{KEYS}?tenantId={tenant}"), None),
        (Method::DELETE, format!("{KEYS}/{key}"), None),
    ] {
        let down = DatabaseError::Transient("Network connection lost".to_owned());
        api.database().script(vec![Step::FailBefore(down); 9]);
        let reply = api
            .send(request(method, &path, ADMIN_KEY, body.as_ref()))
            .await;
        assert_eq!(
            (reply.status, reply.code()),
            (503, "storage-unavailable".to_owned()),
            "{path}"
        );
    }
    api.database().script([]);
    assert_eq!(api.rows(), before);
}
