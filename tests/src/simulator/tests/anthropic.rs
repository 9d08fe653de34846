//! The messages of Anthropic.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{Options, Stage, Whole, whole};

fn body(model: &str) -> Value {
    json!({
        "model": model,
        "max_tokens": 100,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Why is the sky blue?"}],
    })
}

fn call(stage: &Stage, body: &Value) -> RequestBuilder {
    stage
        .at("/v1/messages")
        .header("x-api-key", "sk-ant-x")
        .header("anthropic-version", "2023-06-01")
        .json(body)
}

async fn answer(stage: &Stage, model: &str) -> Whole {
    whole(call(stage, &body(model)).send().await.unwrap()).await
}

#[tokio::test]
async fn good_answer_is_a_message_object() {
    let stage = Stage::new();
    let answer = answer(&stage, "sim-ok").await;
    assert_eq!(answer.status, 200);
    let mut object = answer.json();
    let text = object["content"][0]["text"].take();
    let text = text.as_str().unwrap();
    assert!(text.starts_with("Simulated answer: "), "{text}");
    let tokens = text.chars().count().div_ceil(4);
    assert_eq!(
        object,
        json!({
            "id": "msg_sim000000000000000000001",
            "type": "message",
            "role": "assistant",
            "model": "sim-ok",
            "content": [{"type": "text", "text": null}],
            "stop_reason": "end_turn",
            "stop_sequence": null,
            "usage": {
                "input_tokens": 8,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": tokens,
                "output_tokens_details": {"thinking_tokens": 0},
                "service_tier": "standard",
            },
        })
    );
}

#[tokio::test]
async fn good_answer_tells_its_id_and_the_limits() {
    let stage = Stage::new();
    let answer = answer(&stage, "sim-ok").await;
    let id = answer.header("request-id").unwrap();
    assert_eq!(id, "req_sim000000000000000000001");
    for budget in ["requests", "tokens", "input-tokens", "output-tokens"] {
        let header = |end| {
            let name = format!("anthropic-ratelimit-{budget}-{end}");
            answer.header(&name).unwrap().to_owned()
        };
        header("limit").parse::<u32>().unwrap();
        header("remaining").parse::<u32>().unwrap();
        let reset = header("reset");
        assert_eq!((reset.len(), &reset[10..11], &reset[19..]), (20, "T", "Z"));
    }
}

#[tokio::test]
async fn key_and_version_are_wanted_in_this_order() {
    let stage = Stage::new();
    let bare = whole(
        stage
            .at("/v1/messages")
            .json(&body("sim-ok"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(bare.status, 401);
    assert_eq!(
        bare.text,
        r#"{"error":{"message":"x-api-key header is required","type":"authentication_error"},"request_id":"req_sim000000000000000000001","type":"error"}"#
    );
    let call = stage.at("/v1/messages").header("x-api-key", "k");
    let keyed = whole(call.json(&body("sim-ok")).send().await.unwrap()).await;
    assert_eq!(keyed.status, 400);
    assert_eq!(
        keyed.json()["error"],
        json!({
            "type": "invalid_request_error",
            "message": "anthropic-version: header is required",
        })
    );
    let call = call_with_version(&stage, "2020-01-01");
    let old = whole(call.send().await.unwrap()).await;
    assert_eq!(old.status, 400);
    let call = call_with_version(&stage, "2026-10-21");
    assert_eq!(call.send().await.unwrap().status(), 200);
}

fn call_with_version(stage: &Stage, version: &str) -> RequestBuilder {
    stage
        .at("/v1/messages")
        .header("x-api-key", "k")
        .header("anthropic-version", version)
        .json(&body("sim-ok"))
}

#[tokio::test]
async fn key_of_the_simulator_is_the_only_one() {
    let stage = Stage::with(Options {
        require_key: Some("sk-ant-right".to_owned()),
        ..Options::default()
    });
    let wrong = answer(&stage, "sim-ok").await;
    assert_eq!(wrong.status, 401);
    assert_eq!(wrong.json()["error"]["message"], "invalid x-api-key");
}

#[tokio::test]
async fn max_tokens_is_required_and_cuts() {
    let stage = Stage::new();
    let mut short = body("sim-ok");
    short["max_tokens"] = json!(5);
    let cut = whole(call(&stage, &short).send().await.unwrap())
        .await
        .json();
    assert_eq!(cut["stop_reason"], "max_tokens");
    assert_eq!(cut["content"][0]["text"], "Simulated answer: si");
    short.as_object_mut().unwrap().remove("max_tokens");
    let refused = whole(call(&stage, &short).send().await.unwrap()).await;
    assert_eq!(refused.status, 400);
    let message = &refused.json()["error"]["message"];
    assert_eq!(message, "max_tokens: Field required");
}

#[tokio::test]
async fn stop_reasons_are_those_of_the_rows() {
    let stage = Stage::new();
    for (model, reason) in [
        ("sim-row-9", "refusal"),
        ("sim-row-10", "max_tokens"),
        ("sim-row-11", "pause_turn"),
        ("sim-row-12", "model_context_window_exceeded"),
        ("sim-tools", "tool_use"),
        ("sim-finish-eos", "eos"),
    ] {
        let object = answer(&stage, model).await.json();
        assert_eq!(object["stop_reason"], reason, "{model}");
    }
    let refused = answer(&stage, "sim-row-9").await.json();
    assert_eq!(refused["stop_details"]["category"], "cyber");
    assert_eq!(refused["content"], json!([]));
    let tool = answer(&stage, "sim-tools").await.json();
    assert_eq!(tool["content"][0]["type"], "tool_use");
}

#[tokio::test]
async fn cache_and_thinking_are_counted_apart() {
    let stage = Stage::new();
    let cached = answer(&stage, "sim-cached").await.json()["usage"].clone();
    // Eight tokens: four read, two written, two neither.
    assert_eq!(cached["cache_read_input_tokens"], 4);
    assert_eq!(cached["cache_creation_input_tokens"], 2);
    assert_eq!(cached["input_tokens"], 2);
    let object = answer(&stage, "sim-reasoning").await.json();
    assert_eq!(object["content"][0]["type"], "thinking");
    let usage = &object["usage"];
    let thought = usage["output_tokens_details"]["thinking_tokens"].as_u64();
    assert!(thought.unwrap() > 0);
    assert!(usage["output_tokens"].as_u64() > thought);
}

#[tokio::test]
async fn errors_are_in_the_shape_of_the_vendor() {
    let stage = Stage::new();
    for (model, status, kind, code) in [
        ("sim-row-17", 400, "invalid_request_error", None),
        ("sim-row-20", 400, "invalid_request_error", None),
        (
            "sim-row-20-organization_on_hold",
            400,
            "invalid_request_error",
            Some("organization_on_hold"),
        ),
        (
            "sim-row-21",
            400,
            "invalid_request_error",
            Some("request_body_timeout"),
        ),
        ("sim-row-25", 401, "authentication_error", None),
        ("sim-row-26", 402, "billing_error", None),
        ("sim-row-27", 403, "permission_error", None),
        ("sim-row-28", 404, "not_found_error", None),
        ("sim-row-31", 409, "conflict_error", None),
        ("sim-row-33", 413, "request_too_large", None),
        (
            "sim-row-36",
            429,
            "rate_limit_error",
            Some("enforced_spend_limit_reached"),
        ),
        (
            "sim-row-41-contract_spend_limit_reached",
            429,
            "rate_limit_error",
            Some("contract_spend_limit_reached"),
        ),
        (
            "sim-row-42",
            429,
            "rate_limit_error",
            Some("ramp_limit_exceeded"),
        ),
        ("sim-row-50", 500, "api_error", None),
        ("sim-row-53", 504, "timeout_error", None),
        ("sim-row-54", 529, "overloaded_error", None),
        (
            "sim-row-54-compaction_unavailable",
            529,
            "overloaded_error",
            Some("compaction_unavailable"),
        ),
        ("sim-nonsense", 404, "not_found_error", None),
    ] {
        let answer = answer(&stage, model).await;
        assert_eq!(answer.status, status, "{model}");
        let body = answer.json();
        assert_eq!(body["type"], "error", "{model}");
        assert_eq!(body["error"]["type"], kind, "{model}");
        let details = &body["error"]["details"]["error_code"];
        assert_eq!(details.as_str(), code, "{model}");
        assert_eq!(
            body["request_id"].as_str(),
            answer.header("request-id"),
            "{model}"
        );
    }
}

#[tokio::test]
async fn limits_are_told_with_a_pause_or_with_an_instant() {
    let stage = Stage::new();
    let hinted = answer(&stage, "sim-row-43").await;
    assert_eq!(hinted.header("retry-after"), Some("2"));
    let limits = answer(&stage, "sim-row-43-limits").await;
    assert_eq!(limits.header("retry-after"), None);
    assert_eq!(
        limits.header("anthropic-ratelimit-requests-remaining"),
        Some("0")
    );
    let reset = limits.header("anthropic-ratelimit-requests-reset").unwrap();
    assert!(reset.ends_with('Z'), "{reset}");
    let spent = answer(&stage, "sim-row-41").await;
    assert_eq!(spent.header("retry-after"), None);
}
