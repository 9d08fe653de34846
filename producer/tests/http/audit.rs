//! `GET /api/v1/audit`: every action of an operator stands in it.

use crate::support::{ADMIN_KEY, Api, Tenant, request};
use http::Method;
use serde_json::{Value, json};

async fn list(api: &Api, user: &Tenant, query: &str) -> Value {
    let reply = api.get(&format!("/api/v1/audit{query}"), &user.key).await;
    assert_eq!(reply.status, 200, "{query}: {reply:?}");
    reply.json()
}

/// The actions of a page, newest first. What is made in one millisecond is in no order: that is
/// what `Api::tenant` does, and it is left out here.
fn actions(page: &Value) -> Vec<String> {
    let entries = page["data"].as_array().expect("a list").iter();
    let entries = entries.take_while(|entry| entry["at"] != "2026-11-21T10:55:17.372Z");
    entries
        .map(|entry| entry["action"].as_str().expect("an action").to_owned())
        .collect()
}

fn wait(api: &Api) {
    api.ports().clock.advance_millis(1_000);
}

#[tokio::test]
async fn every_action_is_told_with_who_did_it() {
    let api = Api::new();
    let user = api.operator().await;
    wait(&api);
    let job = api.job(&user).await;
    let cancel = format!("/api/v1/jobs/{job}/cancel");
    for _ in 0..2 {
        assert_eq!(api.post(&cancel, &user.key, &json!({})).await.status, 200);
    }
    wait(&api);
    let dead = api.dead(&user).await;
    wait(&api);
    let replay = format!("/api/v1/dead-letters/{dead}/replay");
    assert_eq!(
        api.post(&replay, &user.key, &json!({"note": "n"}))
            .await
            .status,
        202
    );
    wait(&api);
    let tenant = format!("/api/v1/admin/tenants/{}", user.id);
    let change = json!({"retentionDays": 90, "defaultProviders": [{"provider": "openai"}]});
    let patch = request(Method::PATCH, &tenant, ADMIN_KEY, Some(&change));
    assert_eq!(api.send(patch).await.status, 200);
    wait(&api);
    let spare = api.database().text("SELECT id FROM api_keys");
    let admin = api.tenant(&["admin"]).await;
    for _ in 0..2 {
        let revoke = format!("/api/v1/admin/keys/{spare}");
        let revoked = request(Method::DELETE, &revoke, &admin.key, None);
        assert_eq!(api.send(revoked).await.status, 200);
        wait(&api);
    }
    let user = Tenant {
        key: api.key(&user.id, &["ops:read"]).await,
        id: user.id,
    };
    let page = list(&api, &user, "").await;
    assert_eq!(
        actions(&page),
        [
            "key.create",
            "key.revoke",
            "tenant.change",
            "replay",
            "job.cancel"
        ]
    );
    let entries = page["data"].as_array().expect("a list");
    let actor_of = |index: usize| entries[index]["actor"].as_str().expect("an actor");
    let holder = api.database().text(&format!(
        "SELECT id FROM api_keys WHERE tenant_id = '{}'",
        admin.id
    ));
    assert_eq!(
        [
            actor_of(0),
            actor_of(1),
            actor_of(2),
            actor_of(3),
            actor_of(6)
        ],
        ["operator", &holder, "operator", &spare, "operator"]
    );
    assert_eq!(
        (&entries[1]["subject"], &entries[4]["subject"]),
        (&json!(spare), &json!(job))
    );
    assert_eq!(
        entries[2]["detail"],
        json!({"retentionSeconds": 7_776_000, "defaultProviders": [{"provider": "openai"}]})
    );
    assert_eq!(entries[3]["detail"]["note"], "n");
    assert_eq!(entries[0]["detail"]["name"], "a key");
    let text = page.to_string();
    assert!(
        !text.contains(user.key.as_str()),
        "no key stands in the log"
    );
    // The admin's own log tells of its own key and tenant only.
    let reader = Tenant {
        key: api.key(&admin.id, &["ops:read"]).await,
        id: admin.id,
    };
    let own = list(&api, &reader, "").await;
    let mut own = actions(&own);
    own.sort();
    assert_eq!(own, ["key.create", "key.create", "tenant.create"]);
}

#[tokio::test]
async fn what_did_not_take_effect_is_not_told() {
    let api = Api::new();
    let user = api.operator().await;
    let before = api.database().count("audit_log");
    let job = api.dead(&user).await;
    let cancel = format!("/api/v1/jobs/{job}/cancel");
    assert_eq!(api.post(&cancel, &user.key, &json!({})).await.status, 409);
    let key = json!({"tenantId": "ten_0192f0c1000070008000000000000001", "name": "n", "scopes": ["admin"]});
    assert_eq!(
        api.post("/api/v1/admin/keys", ADMIN_KEY, &key).await.status,
        422
    );
    let tenant = format!("/api/v1/admin/tenants/{}", user.id);
    let longer = json!({"payloadRetentionDays": 3_000});
    let patch = request(Method::PATCH, &tenant, ADMIN_KEY, Some(&longer));
    assert_eq!(api.send(patch).await.status, 422);
    assert_eq!(api.database().count("audit_log"), before);
}

#[tokio::test]
async fn entries_are_filtered_and_paged() {
    let api = Api::new();
    let user = api.operator().await;
    let mut cancelled = Vec::new();
    for _ in 0..5 {
        wait(&api);
        let job = api.job(&user).await;
        let path = format!("/api/v1/jobs/{job}/cancel");
        api.post(&path, &user.key, &json!({})).await;
        cancelled.insert(0, job);
    }
    let subjects = |page: &Value| -> Vec<String> {
        let entries = page["data"].as_array().expect("a list").iter();
        entries
            .map(|entry| entry["subject"].as_str().expect("an id").to_owned())
            .collect()
    };
    let first = list(&api, &user, "?action=job.cancel&limit=2").await;
    assert_eq!(subjects(&first), cancelled[..2]);
    wait(&api);
    let late = api.job(&user).await;
    api.post(
        &format!("/api/v1/jobs/{late}/cancel"),
        &user.key,
        &json!({}),
    )
    .await;
    let cursor = first["nextCursor"].as_str().expect("a cursor");
    let rest = list(
        &api,
        &user,
        &format!("?action=job.cancel&limit=3&cursor={cursor}"),
    )
    .await;
    assert_eq!(
        (subjects(&rest), &rest["nextCursor"]),
        (cancelled[2..].to_vec(), &Value::Null)
    );
    let one = list(&api, &user, &format!("?subject={}", cancelled[4])).await;
    assert_eq!(subjects(&one), cancelled[4..]);
    let made = list(&api, &user, "?actor=operator").await;
    assert_eq!(made["data"].as_array().map(Vec::len), Some(2));
    let at = |second: u32| format!("2026-11-21T10:55:{second}.372Z");
    let between = format!("?after={}&before={}&action=job.cancel", at(19), at(21));
    assert_eq!(
        subjects(&list(&api, &user, &between).await),
        cancelled[2..4]
    );
    for (query, named) in [
        ("action=delete", "?action"),
        ("action=unknown", "?action"),
        ("after=now", "?after"),
        ("actor=", "?actor"),
        (&format!("cursor={cursor}"), "?cursor"),
        ("x=1", "?x"),
    ] {
        let reply = api.get(&format!("/api/v1/audit?{query}"), &user.key).await;
        assert_eq!(
            (reply.status, reply.named()),
            (422, vec![named.to_owned()]),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_key_tells_what_it_is() {
    let api = Api::new();
    let user = api.tenant(&["jobs:read", "ops:read"]).await;
    let reply = api.get("/api/v1/key", &user.key).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let key = reply.json();
    assert_eq!(
        (&key["tenantId"], &key["name"]),
        (&json!(user.id), &json!("a key"))
    );
    assert_eq!(key["scopes"], json!(["jobs:read", "ops:read"]));
    assert_eq!(
        key["keyId"],
        api.database().text("SELECT id FROM api_keys").as_str()
    );
    assert!(!reply.text.contains(&user.key));
    assert_eq!(api.get("/api/v1/key", ADMIN_KEY).await.status, 401);
    assert_eq!(api.get("/api/v1/key?x=1", &user.key).await.named(), ["?x"]);
}

#[tokio::test]
async fn tenants_are_listed_oldest_first() {
    let api = Api::new();
    let list = async |query: &str| {
        let reply = api
            .get(&format!("/api/v1/admin/tenants{query}"), ADMIN_KEY)
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    };
    assert_eq!(list("").await, json!({"data": [], "nextCursor": null}));
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(api.user().await.id);
        wait(&api);
    }
    let ids = |page: &Value| -> Vec<String> {
        let data = page["data"].as_array().expect("a list").iter();
        data.map(|tenant| tenant["tenantId"].as_str().expect("an id").to_owned())
            .collect()
    };
    let page = list("?limit=2").await;
    assert_eq!(ids(&page), made[..2]);
    assert_eq!(page["data"][0]["retentionDays"], 30);
    let rest = list(&format!(
        "?cursor={}",
        page["nextCursor"].as_str().expect("a cursor")
    ))
    .await;
    assert_eq!(
        (ids(&rest), &rest["nextCursor"]),
        (made[2..].to_vec(), &Value::Null)
    );
    let reply = api
        .get("/api/v1/admin/tenants?cursor=x&limit=0", ADMIN_KEY)
        .await;
    assert_eq!(reply.named(), ["?limit", "?cursor"]);
}
