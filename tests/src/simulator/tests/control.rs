//! The control routes and the list of models.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{PATIENCE, Stage, whole};

#[tokio::test]
async fn calls_are_counted_by_job_and_in_total() {
    let stage = Stage::new();
    for (job, attempt, model) in [
        ("job_a", 1, "sim-500"),
        ("job_a", 2, "sim-ok"),
        ("job_b", 1, "sim-drop"),
    ] {
        stage.call_for(job, attempt, model).send().await.ok();
    }
    stage.answer("sim-ok").await;
    stage.until_count("inFlight", 0).await;
    assert_eq!(
        stage.counts().await,
        json!({
            "total": 4,
            "faults": 2,
            "abandoned": 0,
            "inFlight": 0,
            "redirectsFollowed": 0,
            "redirectsWithKey": 0,
            "jobs": {"-": 1, "job_a": 2, "job_b": 1},
        })
    );
}

#[tokio::test]
async fn calls_of_a_job_are_told_one_by_one() {
    let stage = Stage::new();
    let call = stage.call_for("job_a", 1, "sim-503").bearer_auth("sk-x");
    call.send().await.unwrap();
    stage.call_for("job_a", 2, "sim-ok").send().await.unwrap();
    let calls = stage.calls("job_a").await;
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0]["attempt"], 1);
    assert_eq!(calls[0]["model"], "sim-503");
    assert_eq!(calls[0]["status"], 503);
    assert_eq!(calls[0]["outcome"], "fault");
    assert_eq!(calls[0]["authorization"], true);
    assert_eq!(calls[1]["attempt"], 2);
    assert_eq!(calls[1]["status"], 200);
    assert_eq!(calls[1]["outcome"], "answered");
    assert_eq!(calls[1]["authorization"], false);
    let started = calls[0]["startedAtMs"].as_u64().unwrap();
    let finished = calls[0]["finishedAtMs"].as_u64().unwrap();
    assert!(started <= finished);
    assert!(stage.calls("job_unknown").await.is_empty());
}

#[tokio::test]
async fn refused_calls_are_counted_too() {
    let stage = Stage::new();
    let call = stage.post(&json!({"model": "sim-ok", "messages": []}));
    let call = call.header("X-Redrive-Job", "job_a");
    assert_eq!(call.send().await.unwrap().status(), 400);
    let calls = stage.calls("job_a").await;
    assert_eq!(calls[0]["status"], 400);
    assert_eq!(calls[0]["model"], "sim-ok");
    assert_eq!(calls[0]["attempt"], Value::Null);
}

#[tokio::test]
async fn held_calls_answer_when_they_are_released() {
    let stage = Stage::new();
    let held: Vec<_> = (1..=2)
        .map(|attempt| tokio::spawn(stage.call_for("job_a", attempt, "sim-hold").send()))
        .collect();
    stage.until_count("inFlight", 2).await;
    let calls = stage.calls("job_a").await;
    assert_eq!(calls[0]["outcome"], "in_flight");
    assert_eq!(calls[0].get("finishedAtMs"), Some(&Value::Null));
    stage.command("release").await;
    for call in held {
        assert_eq!(call.await.unwrap().unwrap().status(), 200);
    }
    // A release does not reach the calls that come after it.
    let late = stage.call_for("job_a", 3, "sim-hold");
    let error = late.timeout(Duration::from_millis(100)).send().await;
    assert!(error.unwrap_err().is_timeout());
}

#[tokio::test]
async fn caller_that_goes_frees_its_hanging_call() {
    let stage = Stage::new();
    let call = stage.call_for("job_a", 1, "sim-hang");
    let error = call.timeout(Duration::from_millis(100)).send().await;
    assert!(error.unwrap_err().is_timeout());
    stage.until_count("abandoned", 1).await;
    let calls = stage.calls("job_a").await;
    assert_eq!(calls[0]["outcome"], "abandoned");
    assert_eq!(calls[0].get("status"), Some(&Value::Null));
    assert!(calls[0]["finishedAtMs"].is_u64());
    assert_eq!(stage.counts().await["inFlight"], 0);
}

#[tokio::test]
async fn reset_forgets_the_calls_of_before() {
    let stage = Stage::new();
    let held = tokio::spawn(stage.call_for("job_a", 1, "sim-hold").send());
    let flaky = stage.call_for("job_a", 1, "sim-flaky").send().await;
    assert_eq!(flaky.unwrap().status(), 500);
    stage.until_count("inFlight", 1).await;
    stage.command("reset").await;
    assert_eq!(stage.counts().await["jobs"], json!({}));
    stage.command("release").await;
    assert_eq!(held.await.unwrap().unwrap().status(), 200);
    let counts = stage.counts().await;
    assert_eq!(
        (&counts["total"], &counts["inFlight"]),
        (&json!(0), &json!(0))
    );
    let flaky = stage.call_for("job_a", 2, "sim-flaky").send().await;
    assert_eq!(flaky.unwrap().status(), 500);
}

#[tokio::test]
async fn many_calls_at_once_are_all_answered_and_counted() {
    let stage = Stage::new();
    let calls: Vec<_> = (0..500)
        .map(|i| {
            let job = format!("job_{}", i % 50);
            tokio::spawn(
                stage
                    .call_for(&job, 1, "sim-ok")
                    .timeout(PATIENCE * 3)
                    .send(),
            )
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().status(), StatusCode::OK);
    }
    let counts = stage.counts().await;
    assert_eq!(counts["total"], 500);
    let jobs = counts["jobs"].as_object().unwrap();
    assert_eq!(jobs.len(), 50);
    assert!(jobs.values().all(|calls| *calls == 10));
}

#[tokio::test]
async fn health_and_models_answer() {
    let stage = Stage::new();
    let base = stage.simulator.url();
    let health = base.replace("/v1", "/health");
    let answer = whole(stage.client.get(health).send().await.unwrap()).await;
    assert_eq!(answer.json(), json!({"status": "ok"}));
    let models = format!("{base}/models");
    let answer = whole(stage.client.get(models).send().await.unwrap()).await;
    let list = answer.json();
    assert_eq!(list["object"], "list");
    let models = list["data"].as_array().unwrap();
    let ok = models.iter().find(|model| model["id"] == "sim-ok").unwrap();
    assert_eq!(ok["object"], "model");
    assert!(ok["created"].is_u64() && ok["owned_by"].is_string());
}
