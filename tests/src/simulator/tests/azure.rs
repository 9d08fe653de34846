//! Azure, classic and v1.

use serde_json::{Value, json};

use super::{Stage, Whole, question, whole};

const CLASSIC: &str = "/openai/deployments/sim-ok/chat/completions?api-version=2024-10-21";
const V1: &str = "/openai/v1/chat/completions";

async fn answer(stage: &Stage, path: &str, body: &Value) -> Whole {
    let call = stage.at(path).header("api-key", "k").json(body);
    whole(call.send().await.unwrap()).await
}

async fn of_model(stage: &Stage, model: &str) -> Whole {
    answer(stage, V1, &question(model)).await
}

#[tokio::test]
async fn deployment_in_the_path_is_the_model() {
    let stage = Stage::new();
    let mut body = question("");
    body.as_object_mut().unwrap().remove("model");
    let answer = answer(&stage, CLASSIC, &body).await;
    assert_eq!(answer.status, 200);
    let object = answer.json();
    assert_eq!(object["object"], "chat.completion");
    assert_eq!(object["model"], "sim-ok");
    let safe = json!({"filtered": false, "severity": "safe"});
    let results = json!({"hate": safe, "self_harm": safe, "sexual": safe, "violence": safe});
    assert_eq!(object["choices"][0]["content_filter_results"], results);
    assert_eq!(object["prompt_filter_results"][0]["prompt_index"], 0);
    let prompt = &object["prompt_filter_results"][0]["content_filter_results"];
    assert_eq!(
        prompt["jailbreak"],
        json!({"filtered": false, "detected": false})
    );
    assert_eq!(
        answer.header("apim-request-id"),
        Some("00000000-0000-4000-8000-000000000001")
    );
    assert!(answer.header("x-request-id").is_some());
    assert_eq!(answer.header("x-ratelimit-reset-requests"), Some("1"));
    assert_eq!(answer.header("x-ratelimit-remaining-tokens"), Some("-1"));
}

#[tokio::test]
async fn key_is_wanted_in_the_header_of_azure() {
    let stage = Stage::new();
    let bare = stage.told(CLASSIC, &question("x")).await;
    assert_eq!(bare.status, 401);
    assert_eq!(
        bare.text,
        r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}}"#
    );
    let call = stage.at(V1).bearer_auth("token").json(&question("sim-ok"));
    assert_eq!(call.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn version_of_the_api_is_that_of_the_route() {
    let stage = Stage::new();
    let body = question("sim-ok");
    let without = "/openai/deployments/sim-ok/chat/completions";
    for path in [
        without,
        "/openai/v1/chat/completions?api-version=2024-10-21",
    ] {
        let answer = answer(&stage, path, &body).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.text,
            r#"{"error":{"code":"404","message":"Resource not found"}}"#
        );
    }
}

#[tokio::test]
async fn unknown_deployment_is_not_found() {
    let stage = Stage::new();
    let answer = of_model(&stage, "sim-nonsense").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["error"]["code"], "DeploymentNotFound");
}

#[tokio::test]
async fn content_filter_of_the_prompt_is_told_in_every_spelling() {
    let stage = Stage::new();
    for (model, inner) in [
        ("sim-row-18", "innererror"),
        ("sim-row-18-inner_error", "inner_error"),
    ] {
        let answer = of_model(&stage, model).await;
        assert_eq!(answer.status, 400);
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "content_filter");
        assert_eq!(error["status"], 400);
        assert_eq!(error[inner]["code"], "ResponsibleAIPolicyViolation");
        let found = &error[inner]["content_filter_result"];
        assert_eq!(found["hate"], json!({"filtered": true, "severity": "high"}));
    }
    let flat = of_model(&stage, "sim-row-18-flat").await;
    assert_eq!(
        flat.text,
        r#"{"code":"content_filter","message":"The response was filtered."}"#
    );
}

#[tokio::test]
async fn filtered_answer_is_empty_and_says_why() {
    let stage = Stage::new();
    let answer = of_model(&stage, "sim-row-8").await;
    let choice = answer.choice();
    assert_eq!(choice["finish_reason"], "content_filter");
    assert_eq!(choice["message"]["content"], "");
    assert_eq!(choice["content_filter_results"]["hate"]["filtered"], true);
}

#[tokio::test]
async fn limits_are_told_in_milliseconds() {
    let stage = Stage::new();
    let answer = of_model(&stage, "sim-row-40").await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.json()["error"]["code"], "429");
    assert_eq!(answer.header("retry-after-ms"), Some("1500"));
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(answer.header("x-ratelimit-reset-requests"), Some("2"));
    let odd = of_model(&stage, "sim-row-40-odd").await;
    assert_eq!(odd.header("x-ratelimit-remaining-requests"), Some("-1"));
    assert_eq!(odd.header("retry-after"), None);
}

#[tokio::test]
async fn layer_in_front_has_errors_of_its_own() {
    let stage = Stage::new();
    let apim = of_model(&stage, "sim-row-25-apim").await;
    assert_eq!(apim.status, 401);
    assert_eq!(apim.json()["statusCode"], 401);
    let numbered = of_model(&stage, "sim-row-25-401").await;
    assert_eq!(numbered.json()["error"]["code"], "401");
    let broken = of_model(&stage, "sim-row-50").await;
    assert_eq!(
        broken.text,
        r#"{"error":{"code":"500","message":"Internal server error"}}"#
    );
}

#[tokio::test]
async fn response_is_made_on_the_v1_route() {
    let stage = Stage::new();
    let body = json!({"model": "sim-ok", "input": "Why is the sky blue?"});
    let answer = answer(&stage, "/openai/v1/responses", &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["status"], "completed");
    assert!(answer.header("apim-request-id").is_some());
}
