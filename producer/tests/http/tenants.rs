//! `GET` and `PATCH /api/v1/admin/tenants/{id}`, and for how long a tenant's jobs are kept.

use crate::support::{ADMIN_KEY, Api, Reply, Step, request};
use http::Method;
use redrive_shared::database::DatabaseError;
use serde_json::{Value, json};

const TENANTS: &str = "/api/v1/admin/tenants";

async fn make(api: &Api, body: Value) -> Reply {
    api.post(TENANTS, ADMIN_KEY, &body).await
}

async fn change(api: &Api, tenant: &str, body: &Value) -> Reply {
    let path = format!("{TENANTS}/{tenant}");
    api.send(request(Method::PATCH, &path, ADMIN_KEY, Some(body)))
        .await
}

async fn read(api: &Api, tenant: &str) -> Reply {
    api.get(&format!("{TENANTS}/{tenant}"), ADMIN_KEY).await
}

fn days(tenant: &Value) -> (u64, u64) {
    let days = |name: &str| tenant[name].as_u64().expect("a number");
    (days("retentionDays"), days("payloadRetentionDays"))
}

#[tokio::test]
async fn a_new_tenant_keeps_jobs_for_30_days_and_payloads_for_7_unless_told() {
    let api = Api::new();
    for (body, expected) in [
        (json!({"name": "x"}), (30, 7)),
        (json!({"name": "x", "retentionDays": 3_650}), (3_650, 7)),
        (json!({"name": "x", "retentionDays": 3}), (3, 3)),
        (json!({"name": "x", "payloadRetentionDays": 30}), (30, 30)),
        (
            json!({"name": "x", "retentionDays": 1, "payloadRetentionDays": 1}),
            (1, 1),
        ),
    ] {
        let reply = make(&api, body.clone()).await;
        assert_eq!(
            (reply.status, days(&reply.json())),
            (201, expected),
            "{body}"
        );
        let id = reply.json()["tenantId"].as_str().expect("an id").to_owned();
        let found = read(&api, &id).await;
        assert_eq!((found.status, found.json()), (200, reply.json()));
    }
    assert_eq!(
        api.database().text(
            "SELECT group_concat(DISTINCT (retention_seconds / 86400) || '/' || \
             (payload_retention_seconds / 86400)) FROM tenants WHERE retention_seconds = 2592000"
        ),
        "30/7,30/30"
    );
}

#[tokio::test]
async fn a_change_leaves_what_it_does_not_name() {
    let api = Api::new();
    let made = make(&api, json!({"name": "before"})).await.json();
    let id = made["tenantId"].as_str().expect("an id");
    api.ports().clock.advance_millis(5_000);
    for (body, name, expected) in [
        (json!({}), "before", (30, 7)),
        (json!({"name": "after"}), "after", (30, 7)),
        (json!({"payloadRetentionDays": 30}), "after", (30, 30)),
        (json!({"retentionDays": 90}), "after", (90, 30)),
        (
            json!({"retentionDays": 2, "payloadRetentionDays": 1, "name": "both"}),
            "both",
            (2, 1),
        ),
    ] {
        let reply = change(&api, id, &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let tenant = reply.json();
        assert_eq!((days(&tenant), &tenant["name"]), (expected, &json!(name)));
        assert_eq!(tenant["createdAt"], made["createdAt"]);
        assert_eq!(read(&api, id).await.json(), tenant);
    }
}

#[tokio::test]
async fn a_change_holds_for_jobs_that_end_later() {
    let api = Api::new();
    let user = api.user().await;
    let cancel = async |job: &str| {
        let path = format!("/api/v1/jobs/{job}/cancel");
        assert_eq!(api.post(&path, &user.key, &json!({})).await.status, 200);
        api.database().text(&format!(
            "SELECT ((expires_at_ms - completed_at_ms) / 86400000) || '' FROM jobs WHERE id = '{job}'"
        ))
    };
    let (early, late) = (api.job(&user).await, api.job(&user).await);
    assert_eq!(cancel(&early).await, "7");
    change(&api, &user.id, &json!({"payloadRetentionDays": 2})).await;
    assert_eq!(cancel(&late).await, "2");
    assert_eq!(cancel(&early).await, "7");
}

#[tokio::test]
async fn payloads_are_not_kept_for_longer_than_their_jobs() {
    let api = Api::new();
    let made = make(&api, json!({"name": "x", "retentionDays": 10}))
        .await
        .json();
    let id = made["tenantId"].as_str().expect("an id");
    for (body, named) in [
        (json!({"payloadRetentionDays": 11}), "/payloadRetentionDays"),
        (json!({"retentionDays": 6}), "/retentionDays"),
        (
            json!({"name": "y", "retentionDays": 3, "payloadRetentionDays": 4}),
            "/payloadRetentionDays",
        ),
    ] {
        let reply = change(&api, id, &body).await;
        assert_eq!((reply.status, reply.named()), (422, vec![named.to_owned()]));
        assert_eq!(read(&api, id).await.json(), made);
    }
    let reply = make(&api, json!({"name": "x", "payloadRetentionDays": 31})).await;
    assert_eq!(reply.named(), ["/payloadRetentionDays"]);
    assert_eq!(api.database().count("tenants"), 1);
}

#[tokio::test]
async fn wrong_values_are_named() {
    let api = Api::new();
    let made = make(&api, json!({"name": "x"})).await.json();
    let id = made["tenantId"].as_str().expect("an id");
    for (field, value) in [
        ("name", json!("")),
        ("name", json!(null)),
        ("name", json!("a\nb")),
        ("retentionDays", json!(0)),
        ("retentionDays", json!(3_651)),
        ("retentionDays", json!(-1)),
        ("retentionDays", json!(1.5)),
        ("retentionDays", json!("30")),
        ("retentionDays", json!(null)),
        ("payloadRetentionDays", json!(0)),
        ("payloadRetentionDays", json!(3_651)),
        ("plan", json!("gold")),
        ("tenantId", json!(id)),
    ] {
        let mut body = json!({"name": "y"});
        body[field] = value;
        for reply in [
            change(&api, id, &body).await,
            make(&api, body.clone()).await,
        ] {
            assert_eq!(
                (reply.status, reply.named()),
                (422, vec![format!("/{field}")]),
                "{body}"
            );
        }
    }
    let path = format!("{TENANTS}/{id}");
    let empty = api
        .send(request(Method::PATCH, &path, ADMIN_KEY, None))
        .await;
    assert_eq!(
        (empty.status, empty.code()),
        (400, "invalid-json".to_owned())
    );
    assert_eq!(read(&api, id).await.json(), made);
    assert_eq!(api.database().count("tenants"), 1);
}

#[tokio::test]
async fn an_unknown_tenant_is_neither_read_nor_changed() {
    let api = Api::new();
    make(&api, json!({"name": "x"})).await;
    for id in ["ten_0192f0c1000070008000000000000000", "x", "ten_", "%00"] {
        let replies = [
            read(&api, id).await,
            change(&api, id, &json!({"name": "y"})).await,
        ];
        for reply in replies {
            assert_eq!((reply.status, reply.code()), (404, "not-found".to_owned()));
        }
    }
    assert_eq!(api.database().text("SELECT name FROM tenants"), "x");
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_made_once() {
    let api = Api::new();
    let made = make(&api, json!({"name": "x"})).await.json();
    let id = made["tenantId"].as_str().expect("an id");
    let lost = DatabaseError::Transient("Network connection lost".to_owned());
    api.database()
        .script(vec![Step::FailAfter(lost.clone()); 2]);
    assert_eq!(change(&api, id, &json!({"name": "y"})).await.status, 200);
    for method in [Method::GET, Method::PATCH] {
        api.database()
            .script(vec![Step::FailBefore(lost.clone()); 3]);
        let path = format!("{TENANTS}/{id}");
        let body = (method == Method::PATCH).then(|| json!({"name": "z"}));
        let reply = api
            .send(request(method, &path, ADMIN_KEY, body.as_ref()))
            .await;
        assert_eq!(reply.code(), "storage-unavailable");
    }
    assert_eq!(read(&api, id).await.json()["name"], "y");
}
