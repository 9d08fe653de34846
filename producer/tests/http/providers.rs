//! Whom a job asks, and `GET /api/v1/providers`.

use crate::support::{ADMIN_KEY, Api, Reply, Tenant, request};
use http::Method;
use redrive_shared::configuration::Configuration;
use serde_json::{Value, json};
use std::sync::Arc;

/// A deployment with two providers that jobs ask by default, and a third.
fn configuration() -> Configuration {
    let value = json!({
        "default_providers": ["openai", "claude"],
        "providers": {
            "openai": {
                "kind": "openai", "api_key_secret": "OPENAI_API_KEY", "default_model": "gpt-4o-mini",
                "models": {"gpt-4o-mini": {
                    "context_tokens": 128_000, "max_output_tokens": 16_384,
                    "price": {
                        "input": 0.15, "cached_input": 0.075, "output": 0.6,
                        "priced_at": "2026-11-21", "price_source": "https://example.com/pricing"
                    }
                }}
            },
            "claude": {
                "kind": "anthropic", "api_key_secret": "ANTHROPIC_API_KEY",
                "default_model": "claude-opus-5", "models": {"claude-opus-5": {}},
                "only_these_models": true
            },
            "local": {
                "kind": "openai_compatible", "api": "responses", "base_url": "http://10.0.0.7/v1",
                "headers": {"x-title": "Redrive"}
            }
        }
    });
    Configuration::read(&value).expect("it is right")
}

async fn submit(api: &Api, user: &Tenant, body: &Value) -> Reply {
    api.post("/api/v1/generate", &user.key, body).await
}

/// Whom the newest job asks.
fn chain(api: &Api) -> Value {
    let sql = "SELECT request ->> '$.providers' FROM jobs ORDER BY id DESC LIMIT 1";
    serde_json::from_str(&api.database().text(sql)).expect("JSON")
}

async fn set_default(api: &Api, tenant: &Tenant, providers: &Value) -> Reply {
    let path = format!("/api/v1/admin/tenants/{}", tenant.id);
    let body = json!({ "defaultProviders": providers });
    let change = request(Method::PATCH, &path, ADMIN_KEY, Some(&body));
    api.send(change).await
}

#[tokio::test]
async fn every_key_sees_the_providers_and_nothing_secret_of_them() {
    let api = Api::with_configuration(Ok(Arc::new(configuration())));
    let user = api.tenant(&["ops:read"]).await;
    let reply = api.get("/api/v1/providers", &user.key).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json(),
        json!({
            "data": [
                {
                    "name": "claude", "kind": "anthropic", "api": "chat",
                    "defaultModel": "claude-opus-5", "onlyTheseModels": true,
                    "models": [{"model": "claude-opus-5"}]
                },
                {
                    "name": "local", "kind": "openai_compatible", "api": "responses",
                    "onlyTheseModels": false, "models": []
                },
                {
                    "name": "openai", "kind": "openai", "api": "chat",
                    "defaultModel": "gpt-4o-mini", "onlyTheseModels": false,
                    "models": [{
                        "model": "gpt-4o-mini", "contextTokens": 128_000, "maxOutputTokens": 16_384,
                        "price": {
                            "inputMicroUsd": 150_000, "cachedInputMicroUsd": 75_000,
                            "outputMicroUsd": 600_000, "pricedAt": "2026-11-21",
                            "source": "https://example.com/pricing"
                        }
                    }]
                }
            ],
            "defaultProviders": [
                {"provider": "openai", "model": "gpt-4o-mini"},
                {"provider": "claude", "model": "claude-opus-5"}
            ]
        })
    );
    let parameter = api.get("/api/v1/providers?kind=openai", &user.key).await;
    assert_eq!(
        (parameter.status, parameter.named()),
        (422, vec!["?kind".to_owned()])
    );
    let operator = api.get("/api/v1/providers", ADMIN_KEY).await;
    assert_eq!(operator.status, 401, "the operator has no tenant");
}

#[tokio::test]
async fn whom_a_job_asks_is_settled_when_it_is_submitted() {
    let api = Api::with_configuration(Ok(Arc::new(configuration())));
    let user = api.user().await;
    let usual = json!([
        {"provider": "openai", "model": "gpt-4o-mini"}, {"provider": "claude", "model": "claude-opus-5"}
    ]);
    for (fields, expected) in [
        (json!({}), usual),
        (
            json!({"model": "claude-opus-5"}),
            json!([{"provider": "claude", "model": "claude-opus-5"}]),
        ),
        (
            json!({"model": "new"}),
            json!([{"provider": "openai", "model": "new"}]),
        ),
        (
            json!({"provider": "claude"}),
            json!([{"provider": "claude", "model": "claude-opus-5"}]),
        ),
        (
            json!({"providers": [{"provider": "local", "model": "m"}, {"provider": "openai"}]}),
            json!([{"provider": "local", "model": "m"}, {"provider": "openai", "model": "gpt-4o-mini"}]),
        ),
    ] {
        let mut body = fields.clone();
        body["prompt"] = json!("Hello");
        api.ports().clock.advance_millis(1);
        assert_eq!(submit(&api, &user, &body).await.status, 202, "{fields}");
        assert_eq!(chain(&api), expected, "{fields}");
    }
}

#[tokio::test]
async fn whom_nobody_can_ask_is_refused_where_it_stands() {
    let api = Api::with_configuration(Ok(Arc::new(configuration())));
    let user = api.user().await;
    for (fields, named) in [
        (json!({"provider": "gemini"}), "/provider"),
        (json!({"provider": "local"}), "/model"),
        (json!({"provider": "claude", "model": "claude-2"}), "/model"),
        (
            json!({"providers": [{"provider": "openai"}, {"provider": "gemini"}]}),
            "/providers/1/provider",
        ),
        (
            json!({"providers": [{"provider": "openai"}, {"provider": "openai"}]}),
            "/providers/1",
        ),
        (
            json!({"providers": [{"provider": "openai"}], "model": "m"}),
            "/model",
        ),
        (
            json!({"provider": "openai", "providerOptions": {"claude": {}}}),
            "/providerOptions/claude",
        ),
    ] {
        let mut body = fields.clone();
        body["prompt"] = json!("Hello");
        let reply = submit(&api, &user, &body).await;
        assert_eq!(
            (reply.status, reply.named()),
            (422, vec![named.to_owned()]),
            "{fields}"
        );
    }
    assert_eq!(api.database().count("jobs"), 0);
}

#[tokio::test]
async fn a_tenant_has_an_order_of_its_own_until_it_is_taken_away() {
    let api = Api::with_configuration(Ok(Arc::new(configuration())));
    let user = api.user().await;
    let own = json!([{"provider": "local", "model": "m"}, {"provider": "openai"}]);
    let reply = set_default(&api, &user, &own).await;
    assert_eq!(
        (reply.status, &reply.json()["defaultProviders"]),
        (200, &own)
    );
    let path = format!("/api/v1/admin/tenants/{}", user.id);
    assert_eq!(
        api.get(&path, ADMIN_KEY).await.json()["defaultProviders"],
        own
    );

    let prompt = json!({"prompt": "Hello"});
    assert_eq!(submit(&api, &user, &prompt).await.status, 202);
    let expected = json!([{"provider": "local", "model": "m"}, {"provider": "openai", "model": "gpt-4o-mini"}]);
    assert_eq!(chain(&api), expected);
    let listed = api.get("/api/v1/providers", &user.key).await.json();
    assert_eq!(listed["defaultProviders"], expected);

    let renamed = request(Method::PATCH, &path, ADMIN_KEY, Some(&json!({"name": "y"})));
    assert_eq!(api.send(renamed).await.json()["defaultProviders"], own);
    let reply = set_default(&api, &user, &json!(null)).await;
    assert_eq!(reply.json().get("defaultProviders"), None);
    assert_eq!(
        api.database()
            .text("SELECT coalesce(default_providers, 'none') FROM tenants"),
        "none"
    );
    // The key was looked up a moment ago.
    api.ports().clock.advance_millis(5_000);
    assert_eq!(submit(&api, &user, &prompt).await.status, 202);
    assert_eq!(chain(&api)[0]["provider"], "openai");
}

#[tokio::test]
async fn looking_up_a_key_brings_its_tenants_order_along() {
    let api = Api::with_configuration(Ok(Arc::new(configuration())));
    let user = api.user().await;
    set_default(&api, &user, &json!([{"provider": "claude"}])).await;
    let before = api.database().batches();
    assert_eq!(
        submit(&api, &user, &json!({"prompt": "Hello"}))
            .await
            .status,
        202
    );
    assert_eq!(api.database().batches() - before, 2, "the key, and the job");
    assert_eq!(chain(&api)[0]["provider"], "claude");
}

#[tokio::test]
async fn a_tenants_order_is_judged_when_it_is_made() {
    let api = Api::with_configuration(Ok(Arc::new(configuration())));
    let user = api.user().await;
    for (wrong, named) in [
        (json!([]), "/defaultProviders"),
        (json!("openai"), "/defaultProviders"),
        (json!(["openai"]), "/defaultProviders/0"),
        (
            json!([{"provider": "gemini"}]),
            "/defaultProviders/0/provider",
        ),
        (json!([{"provider": "local"}]), "/defaultProviders/0/model"),
        (
            json!([{"provider": "openai"}, {"provider": "openai"}]),
            "/defaultProviders/1",
        ),
        (
            json!([{"provider": "openai", "key": "k"}]),
            "/defaultProviders/0/key",
        ),
    ] {
        let reply = set_default(&api, &user, &wrong).await;
        assert_eq!(
            (reply.status, reply.named()),
            (422, vec![named.to_owned()]),
            "{wrong}"
        );
        let body = json!({"name": "x", "defaultProviders": wrong});
        let reply = api.post("/api/v1/admin/tenants", ADMIN_KEY, &body).await;
        assert_eq!(
            (reply.status, reply.named()),
            (422, vec![named.to_owned()]),
            "{body}"
        );
    }
    let body = json!({"name": "x", "defaultProviders": [{"provider": "claude"}]});
    let made = api.post("/api/v1/admin/tenants", ADMIN_KEY, &body).await;
    assert_eq!(
        (made.status, &made.json()["defaultProviders"]),
        (201, &body["defaultProviders"])
    );
}

#[tokio::test]
async fn a_configuration_with_mistakes_accepts_no_job_and_names_them_all() {
    let mistakes = [
        "`/providers/a/kind` is required",
        "`/providers/b/base_url` is required",
    ];
    let api = Api::with_configuration(Err(mistakes.map(str::to_owned).into()));
    let user = api.operator().await;
    let job = submit(&api, &user, &json!({"prompt": "Hello"})).await;
    assert_eq!((job.status, job.code()), (503, "misconfigured".to_owned()));
    let list = api.get("/api/v1/providers", &user.key).await;
    assert_eq!(
        (list.status, list.code()),
        (503, "misconfigured".to_owned())
    );
    assert_eq!(api.database().count("jobs"), 0);
    let ready = api.get("/api/ready", "").await;
    assert_eq!(ready.status, 503);
    let detail = ready.json()["checks"]["settings"]["detail"].to_string();
    assert!(
        mistakes.iter().all(|mistake| detail.contains(mistake)),
        "{detail}"
    );
}
