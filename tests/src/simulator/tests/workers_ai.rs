//! Workers AI over REST.

use serde_json::{Value, json};

use super::{Stage, Whole, whole};

const ACCOUNT: &str = "/client/v4/accounts/0123456789abcdef/ai";

async fn run(stage: &Stage, model: &str) -> Whole {
    let body = json!({"messages": [{"role": "user", "content": "Why is the sky blue?"}]});
    run_with(stage, model, &body).await
}

async fn run_with(stage: &Stage, model: &str, body: &Value) -> Whole {
    let path = format!("{ACCOUNT}/run/@cf/redrive/{model}");
    let call = stage.at(&path).bearer_auth("token").json(body);
    whole(call.send().await.unwrap()).await
}

#[tokio::test]
async fn good_answer_is_an_envelope_with_a_response() {
    let stage = Stage::new();
    let answer = run(&stage, "sim-ok").await;
    assert_eq!(answer.status, 200);
    let mut object = answer.json();
    let text = object["result"]["response"].take();
    let text = text.as_str().unwrap();
    assert!(text.contains("@cf/redrive/sim-ok"), "{text}");
    let tokens = text.chars().count().div_ceil(4);
    assert_eq!(
        object,
        json!({
            "result": {
                "response": null,
                "usage": {
                    "prompt_tokens": 5,
                    "completion_tokens": tokens,
                    "total_tokens": 5 + tokens,
                },
            },
            "success": true,
            "errors": [],
            "messages": [],
        })
    );
    assert_eq!(answer.header("cf-ray"), Some("0000000000000001-SIM"));
    let calls = stage.ask("models/@cf/redrive/sim-ok").await;
    assert_eq!(calls["calls"][0]["route"], "workers-ai.run");
}

#[tokio::test]
async fn response_is_of_the_type_that_the_model_names() {
    let stage = Stage::new();
    let result = async |model| run(&stage, model).await.json()["result"].clone();
    assert!(result("sim-object").await["response"].is_object());
    assert_eq!(result("sim-number").await["response"], 42);
    assert_eq!(result("sim-null").await.get("response"), Some(&Value::Null));
    assert_eq!(result("sim-missing").await.get("response"), None);
    let choices = result("sim-choices").await;
    assert!(choices["choices"][0]["message"]["content"].is_string());
    assert_eq!(result("sim-empty").await, json!({}));
    assert_eq!(result("sim-row-6-no-message").await, Value::Null);
    assert_eq!(result("sim-nousage").await.get("usage"), None);
}

#[tokio::test]
async fn json_that_is_asked_for_is_no_string() {
    let stage = Stage::new();
    let body = json!({
        "prompt": "hi",
        "response_format": {"type": "json_schema", "json_schema": {
            "type": "object", "properties": {"name": {"const": "x"}},
        }},
    });
    let object = run_with(&stage, "sim-ok", &body).await.json();
    assert_eq!(object["result"]["response"], json!({"name": "x"}));
}

#[tokio::test]
async fn errors_carry_their_code_in_the_envelope() {
    let stage = Stage::new();
    for (model, status, code) in [
        ("sim-row-22-5007", 400, 5007),
        ("sim-row-22-3039", 400, 3039),
        ("sim-row-24-5004", 400, 5004),
        ("sim-row-24-3003", 400, 3003),
        ("sim-row-25", 401, 10000),
        ("sim-row-27-5018", 403, 5018),
        ("sim-row-27-5016", 403, 5016),
        ("sim-row-27-3023", 403, 3023),
        ("sim-row-27-3041", 403, 3041),
        ("sim-row-28", 404, 3042),
        ("sim-row-29-5019", 405, 5019),
        ("sim-row-29-5005", 405, 5005),
        ("sim-row-30-3007", 408, 3007),
        ("sim-row-30-3008", 408, 3008),
        ("sim-row-33", 413, 3006),
        ("sim-row-36", 429, 3036),
        ("sim-row-44", 429, 3036),
        ("sim-row-45", 429, 3040),
        ("sim-nonsense", 400, 5007),
    ] {
        let answer = run(&stage, model).await;
        assert_eq!(answer.status, status, "{model}");
        let body = answer.json();
        assert_eq!(body["success"], false, "{model}");
        assert_eq!(body["errors"][0]["code"], code, "{model}");
        assert!(body["errors"][0]["message"].is_string(), "{model}");
        assert_eq!(body.get("result"), Some(&Value::Null), "{model}");
        assert_eq!(answer.header("retry-after"), None, "{model}");
    }
    let text = run(&stage, "sim-row-45").await.text;
    assert_eq!(
        text,
        r#"{"errors":[{"code":3040,"message":"Capacity temporarily exceeded"}],"messages":[],"result":null,"success":false}"#
    );
}

#[tokio::test]
async fn error_can_come_with_status_200() {
    let stage = Stage::new();
    let answer = run(&stage, "sim-row-5-3040").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["success"], false);
    assert_eq!(answer.json()["errors"][0]["code"], 3040);
}

#[tokio::test]
async fn token_is_wanted() {
    let stage = Stage::new();
    let path = format!("{ACCOUNT}/run/@cf/redrive/sim-ok");
    let answer = stage.told(&path, &json!({"prompt": "hi"})).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["errors"][0]["code"], 10000);
}

#[tokio::test]
async fn request_without_prompt_or_messages_is_refused() {
    let stage = Stage::new();
    let answer = run_with(&stage, "sim-ok", &json!({})).await;
    assert_eq!(answer.status, 400);
    let message = answer.json()["errors"][0]["message"].clone();
    let message = message.as_str().unwrap().to_owned();
    assert!(message.starts_with("AiError: Bad input: "), "{message}");
}

#[tokio::test]
async fn chat_route_has_no_envelope_around_an_answer() {
    let stage = Stage::new();
    let call = |model: &str| {
        let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
        let path = format!("{ACCOUNT}/v1/chat/completions");
        stage.at(&path).bearer_auth("token").json(&body)
    };
    let answer = whole(call("@cf/redrive/sim-ok").send().await.unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["object"], "chat.completion");
    assert!(answer.header("cf-ray").is_some());
    let refused = whole(call("@cf/redrive/sim-row-45").send().await.unwrap()).await;
    assert_eq!(refused.json()["errors"][0]["code"], 3040);
    let refused = whole(call("@cf/redrive/sim-row-45-openai").send().await.unwrap()).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["error"]["code"], 3040);
}
