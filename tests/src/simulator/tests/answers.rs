//! Answers with which a client can do something.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Options, PATIENCE, Stage, question, whole};

#[tokio::test]
async fn good_answer_is_a_full_completion_object() {
    let stage = Stage::new();
    let answer = stage.answer("sim-ok").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("x-request-id").unwrap().starts_with("req_"));
    let object = answer.json();
    assert!(object["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!(object["object"], "chat.completion");
    assert!(object["created"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(object["model"], "sim-ok");
    let choice = answer.choice();
    assert_eq!(choice["index"], 0);
    assert_eq!(choice["finish_reason"], "stop");
    assert_eq!(choice["message"]["role"], "assistant");
    assert_eq!(choice["message"].get("refusal"), Some(&Value::Null));
    let content = answer.content();
    assert!(content.starts_with("Simulated answer: "), "{content}");
    assert!(content.contains("Why is the sky blue?"), "{content}");
}

#[tokio::test]
async fn usage_counts_four_characters_as_a_token() {
    let stage = Stage::new();
    let answer = stage.answer("sim-ok").await;
    let usage = answer.json()["usage"].clone();
    let said = answer.content().chars().count().div_ceil(4);
    // "Be brief." has 9 characters, "Why is the sky blue?" has 20.
    assert_eq!(usage["prompt_tokens"], 3 + 5);
    assert_eq!(usage["completion_tokens"], said);
    assert_eq!(usage["total_tokens"], 8 + said);
    assert_eq!(usage["prompt_tokens_details"]["cached_tokens"], 0);
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 0);
}

#[tokio::test]
async fn same_question_gets_the_same_text_under_a_new_id() {
    let stage = Stage::new();
    let (first, second) = (stage.answer("sim-ok").await, stage.answer("sim-ok").await);
    assert_eq!(first.content(), second.content());
    assert_ne!(first.json()["id"], second.json()["id"]);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn real_model_name_gets_a_good_answer() {
    let stage = Stage::new();
    let answer = stage.answer("gpt-4o-mini").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["model"], "gpt-4o-mini");
}

#[tokio::test]
async fn json_object_format_gets_a_json_object() {
    let stage = Stage::new();
    for model in ["sim-ok", "sim-big-3"] {
        let mut body = question(model);
        body["response_format"] = json!({"type": "json_object"});
        let answer = whole(stage.post(&body).send().await.unwrap()).await;
        let content: Value = serde_json::from_str(&answer.content()).unwrap();
        assert_eq!(content["simulated"], true);
    }
}

#[tokio::test]
async fn token_limit_of_the_request_cuts_the_answer() {
    let stage = Stage::new();
    for name in ["max_tokens", "max_completion_tokens"] {
        let mut body = question("sim-ok");
        body[name] = json!(5);
        let answer = whole(stage.post(&body).send().await.unwrap()).await;
        assert_eq!(answer.content(), "Simulated answer: si");
        assert_eq!(answer.choice()["finish_reason"], "length");
        assert_eq!(answer.json()["usage"]["completion_tokens"], 5);
    }
}

#[tokio::test]
async fn odd_answers_have_their_shape() {
    let stage = Stage::new();
    let answer = stage.answer("sim-length").await;
    assert_eq!(answer.choice()["finish_reason"], "length");
    let answer = stage.answer("sim-filter").await;
    assert_eq!(answer.choice()["finish_reason"], "content_filter");
    assert_eq!(stage.answer("sim-blank").await.content(), "");
    let answer = stage.answer("sim-null").await;
    let message = answer.choice()["message"].clone();
    assert_eq!(message.get("content"), Some(&Value::Null));
    assert_eq!(answer.json()["usage"]["completion_tokens"], 0);
    let answer = stage.answer("sim-refusal").await;
    let message = answer.choice()["message"].clone();
    assert_eq!(message.get("content"), Some(&Value::Null));
    assert!(message["refusal"].as_str().unwrap().contains("can't help"));
    let answer = stage.answer("sim-nousage").await;
    assert!(!answer.content().is_empty());
    assert_eq!(answer.json().get("usage"), None);
}

#[tokio::test]
async fn big_answer_has_the_size_that_was_asked_for() {
    let stage = Stage::new();
    for (model, bytes) in [
        ("sim-big-1", 1024),
        ("sim-big", 256 * 1024),
        ("sim-big-0", 0),
    ] {
        let answer = stage.answer(model).await;
        assert_eq!(answer.content().len(), bytes, "{model}");
    }
    let mut body = question("sim-big-8");
    body["max_tokens"] = json!(1);
    let answer = whole(stage.post(&body).send().await.unwrap()).await;
    assert_eq!(answer.content().len(), 8 * 1024);
}

#[tokio::test]
async fn huge_answer_is_larger_than_four_mebibytes() {
    let stage = Stage::new();
    let answer = stage.answer("sim-huge").await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.len() > 4 * 1024 * 1024);
}

#[tokio::test]
async fn slow_answer_takes_its_time() {
    let stage = Stage::new();
    let start = Instant::now();
    let answer = stage.answer("sim-slow-150").await;
    assert_eq!(answer.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn latency_applies_to_good_answers_alone() {
    let stage = Stage::with(Options {
        latency: PATIENCE * 10,
        ..Options::default()
    });
    assert_eq!(stage.answer("sim-500").await.status, 500);
    let call = stage.call("sim-ok").timeout(Duration::from_millis(100));
    assert!(call.send().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn good_answer_waits_for_the_latency() {
    let stage = Stage::with(Options {
        latency: Duration::from_millis(100),
        ..Options::default()
    });
    let start = Instant::now();
    assert_eq!(stage.answer("sim-ok").await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(100));
}
