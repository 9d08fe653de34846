//! Responses that are asked for again.

use serde_json::{Value, json};

use super::{Stage, Whole, whole};

async fn post(stage: &Stage, body: &Value) -> String {
    let call = stage.at("/v1/responses").header("X-Redrive-Job", "job_a");
    let answer = whole(call.json(body).send().await.unwrap()).await;
    assert_eq!(answer.status, 200);
    let object = answer.json();
    assert_eq!(object["status"], "queued");
    assert_eq!(object["background"], true);
    assert_eq!(object["output"], json!([]));
    assert_eq!(object["usage"], Value::Null);
    object["id"].as_str().unwrap().to_owned()
}

async fn get(stage: &Stage, id: &str) -> Whole {
    let url = format!("{}/responses/{id}", stage.simulator.url());
    let call = stage.client.get(url).header("X-Redrive-Job", "job_a");
    whole(call.send().await.unwrap()).await
}

async fn statuses(stage: &Stage, id: &str, times: usize) -> Vec<Value> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(get(stage, id).await.json()["status"].clone());
    }
    statuses
}

#[tokio::test]
async fn response_is_queued_then_in_progress_then_completed() {
    let stage = Stage::new();
    let body = json!({"model": "sim-ok", "input": "hi", "background": true});
    let id = post(&stage, &body).await;
    assert_eq!(statuses(&stage, &id, 2).await, ["in_progress", "completed"]);
    let object = get(&stage, &id).await.json();
    assert_eq!(object["id"], id.as_str());
    assert_eq!(object["output"][0]["content"][0]["type"], "output_text");
    let calls = stage.calls("job_a").await;
    let outcomes: Vec<_> = calls.iter().map(|call| &call["outcome"]).collect();
    assert_eq!(outcomes, ["pending", "pending", "answered", "answered"]);
    assert_eq!(calls[0]["route"], "openai.responses");
    assert_eq!(calls[1]["route"], "openai.responses.get");
    assert!(calls.iter().all(|call| call["model"] == "sim-ok"));
}

#[tokio::test]
async fn models_end_their_responses_in_every_way() {
    let stage = Stage::new();
    for (model, expected) in [
        ("sim-row-16", ["in_progress", "completed"]),
        ("sim-row-16-slow", ["in_progress", "in_progress"]),
        ("sim-row-16-failed", ["in_progress", "failed"]),
        ("sim-row-16-incomplete", ["in_progress", "incomplete"]),
        ("sim-row-16-cancelled", ["in_progress", "cancelled"]),
        ("sim-row-16-forever", ["in_progress", "in_progress"]),
    ] {
        let id = post(&stage, &json!({"model": model, "input": "hi"})).await;
        assert_eq!(statuses(&stage, &id, 2).await, expected, "{model}");
    }
}

#[tokio::test]
async fn response_that_is_lost_or_unknown_is_not_found() {
    let stage = Stage::new();
    let body = json!({"model": "sim-row-16-lost", "input": "hi"});
    let id = post(&stage, &body).await;
    for id in [id.as_str(), "resp_unknown"] {
        let answer = get(&stage, id).await;
        assert_eq!(answer.status, 404);
        let message = format!("Response with id '{id}' not found.");
        assert_eq!(answer.json()["error"]["message"], message.as_str());
    }
}

#[tokio::test]
async fn fault_of_a_background_call_comes_at_once() {
    let stage = Stage::new();
    let body = json!({"model": "sim-row-50", "input": "hi", "background": true});
    assert_eq!(stage.told("/v1/responses", &body).await.status, 500);
}
