//! What a replay changes about its job.

use super::replay;
use crate::support::Api;
use redrive_shared::configuration::Configuration;
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test]
async fn overrides_change_what_they_name_and_nothing_else() {
    let api = Api::new();
    let user = api.operator().await;
    let prompt = "RTL \u{202e}, 👩‍👩‍👧, \\\" \t \u{1}, null, {\"model\": 1}";
    let body = json!({
        "prompt": prompt, "system": "s", "temperature": 0.1, "maxTokens": 7, "responseFormat": "json"
    });
    let made = api.post("/api/v1/generate", &user.key, &body).await.json();
    let job = made["jobId"].as_str().expect("an id");
    api.put_job(job, "dead_lettered");
    let stored = |api: &Api| -> Value {
        serde_json::from_str(&api.database().text("SELECT request FROM jobs")).expect("JSON")
    };
    let mut expected = stored(&api);
    let overrides = json!({
        "model": "m-2", "provider": "openai", "maxAttempts": 20, "deadlineSeconds": 604_800
    });
    assert_eq!(replay(&api, &user, job, &overrides).await.status, 202);
    expected["providers"] = json!([{"provider": "openai", "model": "m-2"}]);
    assert_eq!(stored(&api), expected);
    assert_eq!(
        api.database().text(
            "SELECT model || ' ' || max_attempts || ' ' || deadline_seconds || ' ' || \
             (deadline_at_ms - due_at_ms) FROM jobs"
        ),
        "m-2 20 604800 604800000"
    );
    let kept = "SELECT json_extract(detail, '$.overrides') FROM audit_log WHERE action = 'replay'";
    assert_eq!(
        serde_json::from_str::<Value>(&api.database().text(kept)).expect("JSON"),
        overrides
    );
    // The overrides hold for the next replay as well.
    api.put_job(job, "dead_lettered");
    assert_eq!(
        replay(&api, &user, job, &json!({"model": "m-3"}))
            .await
            .status,
        202
    );
    expected["providers"] = json!([{"provider": "openai", "model": "m-3"}]);
    assert_eq!(stored(&api), expected);
    assert_eq!(
        api.database()
            .text("SELECT max_attempts || ' ' || deadline_seconds FROM jobs"),
        "20 604800"
    );
}

#[tokio::test]
async fn a_replay_asks_whom_it_names_and_a_model_alone_is_asked_of_the_first() {
    let value = json!({"default_providers": ["a"], "providers": {
        "a": {"kind": "openai_compatible", "base_url": "http://a/v1", "default_model": "a-1"},
        "b": {"kind": "openai_compatible", "base_url": "http://b/v1", "default_model": "b-1"}
    }});
    let configuration = Configuration::read(&value).expect("it is right");
    let api = Api::with_configuration(Ok(Arc::new(configuration)));
    let user = api.operator().await;
    let job = api.dead(&user).await;
    let target = |provider: &str, model: &str| json!({"provider": provider, "model": model});
    for (overrides, chain) in [
        (json!({"provider": "b"}), json!([target("b", "b-1")])),
        // `a` is the default, and lists this model; the job asks `b`.
        (json!({"model": "a-1"}), json!([target("b", "a-1")])),
        (
            json!({"providers": [{"provider": "a", "model": "a-2"}, {"provider": "b"}]}),
            json!([target("a", "a-2"), target("b", "b-1")]),
        ),
        (json!({"model": "a-3"}), json!([target("a", "a-3")])),
        (json!({"maxAttempts": 2}), json!([target("a", "a-3")])),
    ] {
        assert_eq!(
            replay(&api, &user, &job, &overrides).await.status,
            202,
            "{overrides}"
        );
        let stored = api
            .database()
            .text("SELECT request ->> '$.providers' FROM jobs");
        let stored: Value = serde_json::from_str(&stored).expect("JSON");
        assert_eq!(stored, chain, "{overrides}");
        let model = api.database().text("SELECT model FROM jobs");
        assert_eq!(json!(model), chain[0]["model"], "{overrides}");
        api.put_job(&job, "dead_lettered");
    }
    // A row of a version that knew one provider.
    api.database()
        .execute("UPDATE jobs SET request = json_remove(request, '$.providers')");
    assert_eq!(
        replay(&api, &user, &job, &json!({"model": "old"}))
            .await
            .status,
        202
    );
    let stored = api
        .database()
        .text("SELECT request ->> '$.providers[0].provider' FROM jobs");
    assert_eq!(stored, "a");
}

#[tokio::test]
async fn what_asks_no_model_is_replayed_without_one() {
    let api = Api::new();
    let user = api.operator().await;
    let job = api.dead(&user).await;
    api.database().execute("UPDATE jobs SET kind = 'execute'");
    let wish = json!({"model": "m", "provider": "openai"});
    let reply = replay(&api, &user, &job, &wish).await;
    assert_eq!(
        (reply.status, reply.named()),
        (422, vec!["/model".to_owned(), "/provider".to_owned()])
    );
    assert_eq!(replay(&api, &user, &job, &json!({})).await.status, 202);
}

#[tokio::test]
async fn a_provider_that_cannot_do_what_the_job_asks_for_is_refused() {
    let value = json!({"default_providers": ["a"], "providers": {
        "a": {"kind": "openai_compatible", "base_url": "http://a/v1", "default_model": "m"},
        "b": {"kind": "workers_ai", "binding": "AI", "default_model": "@cf/x/m"}
    }});
    let configuration = Configuration::read(&value).expect("it is right");
    let api = Api::with_configuration(Ok(Arc::new(configuration)));
    let user = api.operator().await;
    let body = json!({"prompt": "Hello", "stop": ["."]});
    let made = api.post("/api/v1/generate", &user.key, &body).await.json();
    let job = made["jobId"].as_str().expect("an id");
    api.put_job(job, "dead_lettered");
    for (overrides, named) in [
        (json!({"provider": "b"}), "/provider"),
        (
            json!({"providers": [{"provider": "a"}, {"provider": "b"}]}),
            "/providers/1",
        ),
        (json!({"provider": "b", "model": "../m"}), "/provider"),
    ] {
        let reply = replay(&api, &user, job, &overrides).await;
        let found = (reply.status, reply.named());
        assert_eq!(found, (422, vec![named.to_owned()]), "{overrides}");
        let detail = &reply.json()["errors"][0]["detail"];
        let detail = detail.as_str().expect("a detail");
        assert!(detail.contains("`/stop` must be absent"), "{detail}");
    }
    let state = "SELECT state FROM jobs";
    assert_eq!(api.database().text(state), "dead_lettered");
    let again = replay(&api, &user, job, &json!({"provider": "a"})).await;
    assert_eq!(again.status, 202);
}
