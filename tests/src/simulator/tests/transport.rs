//! Rows about the connection, the body, and the way there.

use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use serde_json::json;

use super::{Client, PATIENCE, Stage, question, whole};

#[tokio::test]
async fn connection_ends_before_the_answer() {
    let stage = Stage::new();
    for model in ["sim-row-1", "sim-row-1-close"] {
        let error = stage.call(model).send().await.unwrap_err();
        assert!(
            error.is_request() && !error.is_timeout(),
            "{model}: {error:?}"
        );
    }
}

#[tokio::test]
async fn stalled_body_never_ends() {
    let stage = Stage::new();
    let call = stage.call("sim-row-3-stall");
    let mut response = call
        .timeout(Duration::from_millis(300))
        .send()
        .await
        .unwrap();
    let announced = response.content_length().unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert_eq!(u64::try_from(first.len()).unwrap(), announced / 2);
    assert!(response.chunk().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn body_is_not_what_it_says() {
    let stage = Stage::new();
    let gzip = stage.call("sim-row-3-gzip").send().await.unwrap();
    assert_eq!(gzip.headers()["content-encoding"], "gzip");
    let bytes = gzip.bytes().await.unwrap();
    assert!(bytes.starts_with(&[0x1f, 0x8b, 8]));
    assert_eq!(bytes[10], b'{');
    let bytes = stage.call("sim-row-3-utf8").send().await.unwrap();
    let bytes = bytes.bytes().await.unwrap();
    let error = std::str::from_utf8(&bytes).unwrap_err();
    let without = [
        &bytes[..error.valid_up_to()],
        &bytes[error.valid_up_to() + 1..],
    ]
    .concat();
    serde_json::from_slice::<serde_json::Value>(&without).unwrap();
    assert_eq!(stage.answer("sim-row-3-nothing").await.text, "");
    let large = stage.answer("sim-row-3-too-large").await;
    assert!(large.text.len() > 4 * 1024 * 1024);
}

#[tokio::test]
async fn blank_lines_come_before_the_answer() {
    let stage = Stage::new();
    let start = Instant::now();
    let answer = stage.answer("sim-keep-alive-7").await;
    assert!(start.elapsed() >= Duration::from_millis(7 * 20));
    assert!(answer.text.starts_with("\n\n\n\n\n\n\n{"));
    assert!(answer.content().starts_with("Simulated answer: "));
    let call = stage.call("sim-row-3-keep-alive-forever");
    let endless = call
        .timeout(Duration::from_millis(300))
        .send()
        .await
        .unwrap();
    assert!(endless.text().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn redirect_has_its_status_and_counts_keys_that_follow() {
    let stage = Stage::new();
    for (model, status) in [
        ("sim-row-4", 302),
        ("sim-row-4-301", 301),
        ("sim-row-4-303", 303),
        ("sim-row-4-307", 307),
        ("sim-row-4-308", 308),
    ] {
        let answer = stage.answer(model).await;
        assert_eq!(answer.status, status, "{model}");
        assert_eq!(answer.header("location"), Some("/v1/redirected"));
    }
    let elsewhere = stage.answer("sim-row-4-elsewhere").await;
    let location = elsewhere.header("location").unwrap();
    assert!(location.starts_with("http://localhost:"), "{location}");
    let follower = Client::builder()
        .redirect(Policy::limited(2))
        .timeout(PATIENCE);
    let follower = follower.build().unwrap();
    let url = format!("{}/v1/messages", stage.simulator.origin());
    let call = follower
        .post(url)
        .header("x-api-key", "k")
        .header("anthropic-version", "2023-06-01")
        .json(&json!({"model": "sim-row-4-307", "max_tokens": 9,
                      "messages": [{"role": "user", "content": "hi"}]}));
    assert_eq!(call.send().await.unwrap().status(), 200);
    let counts = stage.counts().await;
    assert_eq!(counts["redirectsFollowed"], 1);
    assert_eq!(counts["redirectsWithKey"], 1);
}

#[tokio::test]
async fn events_come_where_json_was_asked_for() {
    let stage = Stage::new();
    for (model, has_error, is_whole) in [
        ("sim-row-58", true, false),
        ("sim-row-58-after", true, false),
        ("sim-row-58-no-end", false, false),
        ("sim-row-58-whole", false, true),
    ] {
        let answer = whole(stage.post(&question(model)).send().await.unwrap()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        assert_eq!(
            answer.text.contains(r#"data: {"error":"#),
            has_error,
            "{model}"
        );
        assert_eq!(
            answer.text.ends_with("data: [DONE]\n\n"),
            is_whole,
            "{model}"
        );
        let has_text = answer.text.contains(r#""delta":{"content":"Simulated""#);
        assert_eq!(has_text, model != "sim-row-58", "{model}");
    }
}

#[tokio::test]
async fn events_of_anthropic_are_named() {
    let stage = Stage::new();
    let call = stage
        .at("/v1/messages")
        .header("x-api-key", "k")
        .header("anthropic-version", "2023-06-01")
        .json(&json!({"model": "sim-row-58", "max_tokens": 9,
                      "messages": [{"role": "user", "content": "hi"}]}));
    let text = whole(call.send().await.unwrap()).await.text;
    assert!(text.starts_with("event: message_start\ndata: {"));
    assert!(text.ends_with(
        "event: error\ndata: {\"error\":{\"message\":\"Overloaded\",\"type\":\
         \"overloaded_error\"},\"type\":\"error\"}\n\n"
    ));
}
