//! Who was called, in which order, and how.

use serde_json::{Value, json};

use super::{Stage, question};

#[tokio::test]
async fn log_tells_vendors_and_routes_in_the_order_of_the_calls() {
    let stage = Stage::new();
    let chat = question("sim-429");
    stage.call_for("job_a", 1, "sim-500").send().await.unwrap();
    let azure = stage
        .at("/openai/v1/chat/completions")
        .header("api-key", "secret");
    let azure = azure.header("X-Redrive-Job", "job_b");
    azure.json(&chat).send().await.unwrap();
    let anthropic = stage.at("/v1/messages").header("x-api-key", "secret");
    let anthropic = anthropic.header("anthropic-version", "2023-06-01");
    let anthropic = anthropic.header("X-Redrive-Job", "job_a");
    let body = json!({"model": "sim-ok", "max_tokens": 9,
                      "messages": [{"role": "user", "content": "hi"}]});
    anthropic.json(&body).send().await.unwrap();
    let log = stage.ask("log").await;
    let calls = log["calls"].as_array().unwrap();
    let told: Vec<Value> = calls
        .iter()
        .map(|call| {
            json!([
                call["number"],
                call["job"],
                call["vendor"],
                call["route"],
                call["auth"]
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!([1, "job_a", "openai", "openai.chat", []]),
            json!([2, "job_b", "azure", "azure.chat", ["api-key"]]),
            json!([3, "job_a", "anthropic", "anthropic.messages", ["x-api-key"]]),
        ]
    );
    assert_eq!(calls[2]["headers"]["anthropic-version"], "2023-06-01");
    assert!(!log.to_string().contains("secret"), "{log}");
}

#[tokio::test]
async fn query_is_told_where_there_is_one() {
    let stage = Stage::new();
    let path = "/openai/deployments/sim-ok/chat/completions?api-version=2024-10-21";
    let call = stage.at(path).header("Authorization", "odd secret");
    call.json(&question("x")).send().await.unwrap();
    let calls = stage.calls("-").await;
    assert_eq!(calls[0]["query"], "api-version=2024-10-21");
    assert_eq!(calls[0]["auth"], json!(["authorization"]));
    assert_eq!(calls[0]["model"], "sim-ok");
    assert_eq!(calls[0]["status"], 401);
}
