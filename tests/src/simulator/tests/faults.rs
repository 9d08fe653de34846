//! Errors, broken answers and broken connections.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::{Options, PATIENCE, Stage, question, whole};

/// The fields of the error object, all of which must be there.
fn error_of(body: &Value) -> &Value {
    let error = &body["error"];
    for field in ["message", "type", "param", "code"] {
        assert!(error.get(field).is_some(), "{field} is missing: {body}");
    }
    error
}

#[tokio::test]
async fn status_models_answer_with_their_status_and_code() {
    let stage = Stage::new();
    for (model, status, kind, code) in [
        ("sim-400", 400, "invalid_request_error", Value::Null),
        (
            "sim-401",
            401,
            "invalid_request_error",
            json!("invalid_api_key"),
        ),
        (
            "sim-403",
            403,
            "request_forbidden",
            json!("unsupported_country_region_territory"),
        ),
        (
            "sim-404",
            404,
            "invalid_request_error",
            json!("model_not_found"),
        ),
        ("sim-408", 408, "invalid_request_error", Value::Null),
        (
            "sim-413",
            413,
            "invalid_request_error",
            json!("request_too_large"),
        ),
        ("sim-429", 429, "requests", json!("rate_limit_exceeded")),
        ("sim-500", 500, "server_error", Value::Null),
        (
            "sim-503",
            503,
            "service_unavailable_error",
            json!("server_is_overloaded"),
        ),
        ("sim-529", 529, "overloaded_error", Value::Null),
        (
            "sim-context",
            400,
            "invalid_request_error",
            json!("context_length_exceeded"),
        ),
        (
            "sim-quota",
            429,
            "insufficient_quota",
            json!("insufficient_quota"),
        ),
        (
            "sim-nonsense",
            404,
            "invalid_request_error",
            json!("model_not_found"),
        ),
    ] {
        let answer = stage.answer(model).await;
        assert_eq!(answer.status, status, "{model}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.header("x-request-id").is_some(), "{model}");
        let body = answer.json();
        assert_eq!(error_of(&body)["type"], kind, "{model}");
        assert_eq!(error_of(&body)["code"], code, "{model}");
    }
}

#[tokio::test]
async fn some_statuses_come_in_the_shape_of_other_servers() {
    let stage = Stage::new();
    let answer = stage.answer("sim-402").await;
    assert_eq!(answer.status, 402);
    assert_eq!(answer.json()["error"]["code"], 402);
    let answer = stage.answer("sim-422").await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["detail"][0]["loc"][0], "body");
    for (model, status) in [("sim-502", 502), ("sim-524", 524), ("sim-530", 530)] {
        let answer = stage.answer(model).await;
        assert_eq!(answer.status, status);
        let media_type = answer.header("content-type").unwrap();
        assert!(media_type.starts_with("text/html"), "{media_type}");
        assert!(answer.text.starts_with("<!DOCTYPE html>"));
    }
}

#[tokio::test]
async fn retry_after_is_sent_where_the_model_has_one() {
    let stage = Stage::new();
    for (model, seconds) in [
        ("sim-429", Some("1")),
        ("sim-429-7", Some("7")),
        ("sim-503", None),
        ("sim-503-30", Some("30")),
        ("sim-quota", None),
    ] {
        let answer = stage.answer(model).await;
        assert_eq!(answer.header("retry-after"), seconds, "{model}");
    }
    let answer = stage.answer("sim-429-7").await;
    assert_eq!(answer.header("x-ratelimit-remaining-requests"), Some("0"));
    assert_eq!(answer.header("x-ratelimit-reset-requests"), Some("7s"));
}

#[tokio::test]
async fn broken_answers_come_with_status_200() {
    let stage = Stage::new();
    let answer = stage.answer("sim-html200").await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.starts_with("<!DOCTYPE html>"));
    let answer = stage.answer("sim-error200").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["error"]["code"], 502);
    let answer = stage.answer("sim-empty").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["choices"], json!([]));
}

#[tokio::test]
async fn truncated_answer_is_half_of_a_json_object_with_a_length_that_fits() {
    let stage = Stage::new();
    let answer = stage.answer("sim-truncated").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let length = answer.text.len().to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()));
    let error = serde_json::from_str::<Value>(&answer.text).unwrap_err();
    assert!(error.is_eof(), "{error}");
}

#[tokio::test]
async fn reset_connection_ends_in_the_middle_of_the_body() {
    let stage = Stage::new();
    let mut response = stage.call("sim-reset").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let announced = response.content_length().unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert_eq!(u64::try_from(first.len()).unwrap(), announced / 2);
    response.chunk().await.unwrap_err();
}

#[tokio::test]
async fn dropped_connection_ends_before_the_answer() {
    let stage = Stage::new();
    let error = stage.call("sim-drop").send().await.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert_eq!(stage.answer("sim-ok").await.status, 200);
}

#[tokio::test]
async fn redirect_counts_only_who_follows_it() {
    let stage = Stage::new();
    let answer = stage.answer("sim-redirect").await;
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(answer.header("location"), Some("/v1/redirected"));
    assert_eq!(stage.counts().await["redirectsFollowed"], 0);
    let url = format!("{}/chat/completions", stage.simulator.url());
    let follower = Client::builder().timeout(PATIENCE).build().unwrap();
    let call = follower.post(url).json(&question("sim-redirect"));
    let answer = whole(call.send().await.unwrap()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.content().starts_with("Simulated answer: "));
    assert_eq!(stage.counts().await["redirectsFollowed"], 1);
}

#[tokio::test]
async fn wrong_request_is_refused_in_the_error_shape() {
    let stage = Stage::new();
    let answer = whole(
        stage
            .post(&json!({"model": "sim-ok"}))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(answer.status, 400);
    assert_eq!(error_of(&answer.json())["param"], "messages");
    let url = format!("{}/chat/completions", stage.simulator.url());
    let call = stage.client.post(url).body("{\"model\": ");
    let answer = whole(call.send().await.unwrap()).await;
    assert_eq!(answer.status, 400);
    assert_eq!(error_of(&answer.json())["type"], "invalid_request_error");
}

#[tokio::test]
async fn body_of_more_than_32_mebibytes_is_refused() {
    let stage = Stage::new();
    let mut body = question("sim-ok");
    body["messages"][0]["content"] = json!("x".repeat(32 * 1024 * 1024));
    let answer = whole(stage.post(&body).send().await.unwrap()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(error_of(&answer.json())["code"], "request_too_large");
}

#[tokio::test]
async fn key_is_asked_for_when_one_is_required() {
    let stage = Stage::with(Options {
        require_key: Some("sk-simulated-key".to_owned()),
        ..Options::default()
    });
    let answer = stage.answer("sim-ok").await;
    assert_eq!(answer.status, 401);
    assert_eq!(error_of(&answer.json())["type"], "invalid_request_error");
    let call = stage.call("sim-ok").bearer_auth("sk-another-key-1234");
    let answer = whole(call.send().await.unwrap()).await;
    assert_eq!(answer.status, 401);
    let body = answer.json();
    assert_eq!(error_of(&body)["code"], "invalid_api_key");
    let message = error_of(&body)["message"].as_str().unwrap();
    assert!(message.contains("sk-********1234"), "{message}");
    let call = stage.call("sim-ok").bearer_auth("sk-simulated-key");
    assert_eq!(whole(call.send().await.unwrap()).await.status, 200);
    let models = format!("{}/models", stage.simulator.url());
    assert_eq!(stage.client.get(models).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn unknown_path_and_method_get_the_error_shape() {
    let stage = Stage::new();
    let url = format!("{}/chat/completions", stage.simulator.url());
    let answer = whole(stage.client.get(url).send().await.unwrap()).await;
    assert_eq!(answer.status, 405);
    error_of(&answer.json());
    let url = format!("{}/v1/chat/completions", stage.simulator.url());
    let answer = whole(stage.client.post(url).send().await.unwrap()).await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        error_of(&answer.json())["message"],
        "Invalid URL (POST /v1/v1/chat/completions)"
    );
}
