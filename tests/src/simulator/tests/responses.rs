//! The responses of `OpenAI`.

use serde_json::{Value, json};

use super::{Stage, Whole};

async fn answer(stage: &Stage, model: &str) -> Whole {
    let body =
        json!({"model": model, "input": "Why is the sky blue?", "instructions": "Be brief."});
    stage.told("/v1/responses", &body).await
}

#[tokio::test]
async fn good_answer_is_a_completed_response_object() {
    let stage = Stage::new();
    let answer = answer(&stage, "sim-ok").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("x-request-id").unwrap().starts_with("req_"));
    let object = answer.json();
    assert!(object["id"].as_str().unwrap().starts_with("resp_"));
    assert_eq!(object["object"], "response");
    assert_eq!(object["status"], "completed");
    assert_eq!(object["error"], Value::Null);
    assert_eq!(object["incomplete_details"], Value::Null);
    let output = object["output"].as_array().unwrap();
    assert_eq!(output.len(), 1);
    assert_eq!(output[0]["type"], "message");
    assert_eq!(output[0]["role"], "assistant");
    let part = &output[0]["content"][0];
    assert_eq!(part["type"], "output_text");
    let text = part["text"].as_str().unwrap();
    assert!(text.starts_with("Simulated answer: "), "{text}");
    let tokens = text.chars().count().div_ceil(4);
    assert_eq!(
        object["usage"],
        json!({
            "input_tokens": 8,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 8 + tokens,
        })
    );
}

#[tokio::test]
async fn answer_that_is_cut_is_incomplete() {
    let stage = Stage::new();
    for (model, reason) in [
        ("sim-row-10", "max_output_tokens"),
        ("sim-row-8", "content_filter"),
    ] {
        let object = answer(&stage, model).await.json();
        assert_eq!(object["status"], "incomplete", "{model}");
        assert_eq!(object["incomplete_details"], json!({"reason": reason}));
    }
}

#[tokio::test]
async fn refusal_tool_and_reasoning_are_items_of_their_own() {
    let stage = Stage::new();
    let refused = answer(&stage, "sim-row-8-refusal").await.json();
    assert_eq!(refused["output"][0]["content"][0]["type"], "refusal");
    let tool = answer(&stage, "sim-tools").await.json();
    assert_eq!(tool["output"].as_array().unwrap().len(), 1);
    assert_eq!(tool["output"][0]["type"], "function_call");
    assert_eq!(tool["output"][0]["arguments"], "{}");
    let thought = answer(&stage, "sim-reasoning").await.json();
    assert_eq!(thought["output"][0]["type"], "reasoning");
    assert_eq!(thought["output"][1]["type"], "message");
}

#[tokio::test]
async fn failed_response_has_status_200_and_its_code() {
    let stage = Stage::new();
    for (model, code) in [
        ("sim-row-13", "server_error"),
        ("sim-row-13-vector_store_timeout", "vector_store_timeout"),
        ("sim-row-14", "rate_limit_exceeded"),
        ("sim-row-15-bio_policy", "bio_policy"),
    ] {
        let answer = answer(&stage, model).await;
        assert_eq!(answer.status, 200, "{model}");
        let object = answer.json();
        assert_eq!(object["status"], "failed", "{model}");
        assert_eq!(object["error"]["code"], code, "{model}");
        assert_eq!(object["output"], json!([]), "{model}");
    }
    let hinted = answer(&stage, "sim-row-14-hint").await;
    assert_eq!(hinted.header("retry-after"), Some("2"));
}

#[tokio::test]
async fn same_rows_are_errors_in_chat() {
    let stage = Stage::new();
    for (model, status, code) in [
        ("sim-row-13", 500, "server_error"),
        ("sim-row-14", 429, "rate_limit_exceeded"),
        ("sim-row-15-cyber_policy", 400, "cyber_policy"),
    ] {
        let answer = stage.answer(model).await;
        assert_eq!(answer.status, status, "{model}");
        assert_eq!(answer.json()["error"]["code"], code, "{model}");
    }
    assert_eq!(stage.answer("sim-row-16").await.status, 404);
}

#[tokio::test]
async fn schema_in_the_text_format_is_met() {
    let stage = Stage::new();
    let body = json!({"model": "sim-ok", "input": "hi", "text": {"format": {
        "type": "json_schema", "name": "n",
        "schema": {"type": "object", "properties": {"count": {"type": "integer"}}},
    }}});
    let object = stage.told("/v1/responses", &body).await.json();
    assert_eq!(object["output"][0]["content"][0]["text"], r#"{"count":1}"#);
}

#[tokio::test]
async fn wrong_request_names_its_parameter() {
    let stage = Stage::new();
    let answer = stage
        .told("/v1/responses", &json!({"model": "sim-ok"}))
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.text,
        r#"{"error":{"code":null,"message":"Missing required parameter: 'input'.","param":"input","type":"invalid_request_error"}}"#
    );
}
