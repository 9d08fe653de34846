//! Who may pass.

use crate::support::{ADMIN_KEY, Api, KEY_HASH_SECRET, Reply, request, with_header};
use http::{Method, Request};
use redrive_producer::{Access, ROUTES};
use redrive_shared::access::Scope;
use redrive_shared::native::SeededEntropy;
use serde_json::json;

const JOBS: &str = "/api/v1/jobs";
const KEYS: &str = "/api/v1/admin/keys";
const UNKNOWN_ID: &str = "job_0192f0c1000070008000000000000000";

/// A key that is well formed and that nobody knows.
fn stranger() -> String {
    redrive_shared::access::ApiKey::generate(&SeededEntropy::new(99))
        .reveal()
        .to_owned()
}

/// The key with its last character replaced.
fn with_bad_checksum(key: &str) -> String {
    let last = if key.ends_with('A') { 'B' } else { 'A' };
    format!("{}{last}", &key[..key.len() - 1])
}

fn assert_unauthenticated(reply: &Reply, why: &str) {
    assert_eq!(
        (reply.status, reply.code()),
        (401, "unauthenticated".to_owned()),
        "{why}"
    );
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{why}");
}

#[tokio::test]
async fn a_route_lets_in_the_keys_of_its_scope_and_no_others() {
    let api = Api::new();
    let tenant = api.tenant(&["jobs:read"]).await.id;
    let mut keys = vec![(None, ADMIN_KEY.to_owned())];
    for scope in Scope::ALL {
        keys.push((Some(scope), api.key(&tenant, &[scope.as_str()]).await));
    }
    for route in &ROUTES {
        let path = route.path.replace("{id}", UNKNOWN_ID);
        let anonymous = api
            .send(request(route.method.clone(), &path, "", None))
            .await
            .status;
        assert_eq!(
            anonymous == 401,
            route.access != Access::Public,
            "{route:?}"
        );
        for (scope, key) in &keys {
            let status = api
                .send(request(route.method.clone(), &path, key, None))
                .await
                .status;
            let refused = match (route.access, scope) {
                (Access::Public, _) | (Access::Admin, None) | (Access::AnyKey, Some(_)) => None,
                (Access::Scope(_) | Access::AnyKey, None) => Some(401),
                (Access::Scope(needed), Some(held)) => (needed != *held).then_some(403),
                (Access::Admin, Some(held)) => (*held != Scope::Admin).then_some(403),
            };
            let is_refused = [401, 403].contains(&status).then_some(status);
            assert_eq!(is_refused, refused, "{route:?} with {scope:?}");
        }
    }
}

#[tokio::test]
async fn every_401_has_the_same_body() {
    let api = Api::new();
    let user = api.user().await;
    let revoked = api.key(&user.id, &["jobs:read"]).await;
    let id = api
        .database()
        .text("SELECT id FROM api_keys WHERE scopes = 'jobs:read'");
    api.send(request(
        Method::DELETE,
        &format!("{KEYS}/{id}"),
        ADMIN_KEY,
        None,
    ))
    .await;
    let body = json!({
        "tenantId": user.id, "name": "short", "scopes": ["jobs:read"],
        "expiresAt": "2026-11-21T10:55:18Z"
    });
    let expiring = api.post(KEYS, ADMIN_KEY, &body).await.json();
    api.ports().clock.advance_millis(1_000);

    let get = || {
        Request::get(JOBS)
            .body(axum::body::Body::empty())
            .expect("valid")
    };
    let authorization = |value: &str| with_header(get(), "authorization", value);
    let bearer = |key: &str| authorization(&format!("Bearer {key}"));
    let expired = expiring["key"].as_str().expect("a key");
    let refused = [
        ("no credential", get()),
        ("an empty bearer", authorization("Bearer")),
        ("an empty bearer with a space", authorization("Bearer ")),
        ("another scheme", authorization("Basic dXNlcjpwYXNz")),
        ("the key without a scheme", authorization(&user.key)),
        ("a token that is no key", bearer("hello")),
        ("a wrong checksum", bearer(&with_bad_checksum(&user.key))),
        ("a key that is cut short", bearer(&user.key[..45])),
        ("an unknown key", bearer(&stranger())),
        ("a revoked key", bearer(&revoked)),
        ("an expired key", bearer(expired)),
        ("the operator's key on a tenant's route", bearer(ADMIN_KEY)),
        (
            "an unsigned JWT",
            bearer("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."),
        ),
        (
            "two credentials",
            with_header(bearer(&user.key), "authorization", "Bearer x"),
        ),
        ("an empty X-API-Key", with_header(get(), "x-api-key", "")),
    ];
    let mut bodies = Vec::new();
    for (why, request) in refused {
        let reply = api.send(request).await;
        assert_unauthenticated(&reply, why);
        bodies.push(reply.without_request());
    }
    let reply = api.get(&format!("{JOBS}?api_key={}", user.key), "").await;
    assert_unauthenticated(&reply, "a key in the query");
    bodies.push(reply.without_request());
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_malformed_key_costs_no_database_query() {
    let api = Api::new();
    let user = api.user().await;
    let before = api.database().batches();
    for key in [
        with_bad_checksum(&user.key),
        "hello".to_owned(),
        ADMIN_KEY.to_owned(),
    ] {
        assert_unauthenticated(&api.get(JOBS, &key).await, &key);
    }
    assert_eq!(api.database().batches(), before);
    assert_unauthenticated(&api.get(JOBS, &stranger()).await, "unknown");
    assert_eq!(api.database().batches(), before + 1);
}

#[tokio::test]
async fn a_key_is_taken_from_either_header_and_from_one_alone() {
    let api = Api::new();
    let user = api.user().await;
    let other = api.user().await;
    let plain = || request(Method::GET, JOBS, "", None);
    let bearer = || request(Method::GET, JOBS, &user.key, None);
    assert_eq!(
        api.send(with_header(plain(), "x-api-key", &user.key))
            .await
            .status,
        200
    );
    assert_eq!(
        api.send(with_header(bearer(), "x-api-key", &user.key))
            .await
            .status,
        200
    );
    let both = api
        .send(with_header(bearer(), "x-api-key", &other.key))
        .await;
    assert_eq!(
        (both.status, both.code()),
        (400, "conflicting-credentials".to_owned())
    );
    let lower = with_header(plain(), "authorization", &format!("bearer {}", user.key));
    assert_eq!(api.send(lower).await.status, 200);
}

#[tokio::test]
async fn a_key_is_looked_up_once_in_five_seconds() {
    let api = Api::new();
    let user = api.user().await;
    let batches = || api.database().batches();
    let start = batches();
    api.get(JOBS, &user.key).await;
    assert_eq!(batches() - start, 2, "the key and the list");
    api.ports().clock.advance_millis(4_999);
    api.get(JOBS, &user.key).await;
    assert_eq!(batches() - start, 3, "the list");
    api.ports().clock.advance_millis(1);
    api.get(JOBS, &user.key).await;
    assert_eq!(batches() - start, 5, "both again");
}

#[tokio::test]
async fn a_key_revoked_elsewhere_is_refused_within_ten_seconds() {
    let api = Api::new();
    let user = api.user().await;
    assert_eq!(api.get(JOBS, &user.key).await.status, 200);
    api.database()
        .execute("UPDATE api_keys SET revoked_at_ms = 1");
    assert_eq!(
        api.get(JOBS, &user.key).await.status,
        200,
        "it was looked up a moment ago"
    );
    api.ports().clock.advance_millis(10_000);
    assert_unauthenticated(&api.get(JOBS, &user.key).await, "ten seconds later");
}

#[tokio::test]
async fn a_key_revoked_here_is_refused_at_once() {
    let api = Api::new();
    let user = api.user().await;
    assert_eq!(api.get(JOBS, &user.key).await.status, 200);
    let id = api.database().text("SELECT id FROM api_keys");
    let reply = api
        .send(request(
            Method::DELETE,
            &format!("{KEYS}/{id}"),
            ADMIN_KEY,
            None,
        ))
        .await;
    assert_eq!(reply.status, 200);
    assert_unauthenticated(&api.get(JOBS, &user.key).await, "revoked");
}

#[tokio::test]
async fn a_cached_key_expires_to_the_millisecond() {
    let api = Api::new();
    let user = api.user().await;
    let body = json!({
        "tenantId": user.id, "name": "short", "scopes": ["jobs:read"],
        "expiresAt": "2026-11-21T10:55:18.372Z"
    });
    let reply = api.post(KEYS, ADMIN_KEY, &body).await.json();
    let key = reply["key"].as_str().expect("a key");
    api.ports().clock.advance_millis(999);
    assert_eq!(api.get(JOBS, key).await.status, 200);
    api.ports().clock.advance_millis(1);
    assert_unauthenticated(&api.get(JOBS, key).await, "expired");
}

#[tokio::test]
async fn a_key_works_at_once_although_it_was_unknown_a_moment_before() {
    let api = Api::new();
    let user = api.user().await;
    api.database()
        .execute("UPDATE api_keys SET hash = 'h' || hash");
    assert_unauthenticated(&api.get(JOBS, &user.key).await, "unknown");
    api.database()
        .execute("UPDATE api_keys SET hash = substr(hash, 2)");
    assert_eq!(api.get(JOBS, &user.key).await.status, 200);
}

#[tokio::test]
async fn a_missing_or_weak_secret_is_named_and_opens_nothing() {
    for (admin, hash, named) in [
        (None, Some(KEY_HASH_SECRET), "ADMIN_KEY"),
        (Some("short"), Some(KEY_HASH_SECRET), "ADMIN_KEY"),
    ] {
        let api = Api::with_secrets(admin, hash);
        for key in [ADMIN_KEY, "short", "x"] {
            let reply = api.get(&format!("{KEYS}?tenantId=x"), key).await;
            assert_eq!(
                (reply.status, reply.code()),
                (503, "misconfigured".to_owned())
            );
            assert!(reply.text.contains(named) && !reply.text.contains(KEY_HASH_SECRET));
        }
        assert_eq!(api.get(JOBS, "").await.status, 401);
    }
    for hash in [None, Some("short"), Some("")] {
        let api = Api::with_secrets(Some(ADMIN_KEY), hash);
        let reply = api.get(JOBS, &stranger()).await;
        assert_eq!(
            (reply.status, reply.code()),
            (503, "misconfigured".to_owned())
        );
        assert!(reply.text.contains("KEY_HASH_SECRET"));
        let tenant = api
            .post("/api/v1/admin/tenants", ADMIN_KEY, &json!({"name": "x"}))
            .await
            .json();
        let body = json!({"tenantId": tenant["tenantId"], "name": "x", "scopes": ["jobs:read"]});
        assert_eq!(api.post(KEYS, ADMIN_KEY, &body).await.status, 503);
        assert_eq!(api.rows(), [1, 0, 0]);
    }
}

#[tokio::test]
async fn a_header_that_names_a_tenant_is_ignored() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let job = api.job(&user).await;
    let read = request(Method::GET, &format!("{JOBS}/{job}"), &other.key, None);
    assert_eq!(
        api.send(with_header(read, "x-tenant-id", &user.id))
            .await
            .status,
        404
    );
}
