//! Behaviours that depend on the job and on the number of the call.

use std::time::Duration;

use serde_json::json;

use super::{Options, Stage, whole};

/// The statuses of a job's calls of a model, one after the other; 0 for a lost connection.
async fn statuses(stage: &Stage, job: &str, model: &str, calls: u32) -> Vec<u16> {
    let mut statuses = Vec::new();
    for attempt in 1..=calls {
        let answer = stage.call_for(job, attempt, model).send().await;
        statuses.push(answer.map_or(0, |response| response.status().as_u16()));
    }
    statuses
}

#[tokio::test]
async fn flaky_model_fails_the_first_calls_of_each_job() {
    let stage = Stage::new();
    for job in ["job_a", "job_b"] {
        let seen = statuses(&stage, job, "sim-flaky-2", 4).await;
        assert_eq!(seen, [500, 500, 200, 200], "{job}");
    }
}

#[tokio::test]
async fn throttling_model_asks_for_a_pause_then_answers() {
    let stage = Stage::new();
    for model in ["sim-throttle-1", "sim-throttle", "sim-429-once"] {
        let call = stage.call_for("job_a", 1, model);
        let answer = whole(call.send().await.unwrap()).await;
        assert_eq!(answer.status, 429, "{model}");
        assert_eq!(answer.header("retry-after"), Some("1"));
        let call = stage.call_for("job_a", 2, model);
        assert_eq!(whole(call.send().await.unwrap()).await.status, 200);
    }
}

#[tokio::test]
async fn first_calls_are_counted_for_each_model() {
    let stage = Stage::new();
    assert_eq!(statuses(&stage, "job_a", "sim-500", 2).await, [500, 500]);
    let seen = statuses(&stage, "job_a", "sim-flaky-1", 2).await;
    assert_eq!(seen, [500, 200]);
}

#[tokio::test]
async fn random_model_repeats_itself_under_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let stage = Stage::with(Options {
            seed,
            fault_rate: 0.5,
            ..Options::default()
        });
        let mut seen = statuses(&stage, "job_a", "sim-random", 20).await;
        seen.extend(statuses(&stage, "job_b", "sim-random", 20).await);
        runs.push(seen);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn fault_rate_bounds_the_random_model() {
    for (fault_rate, faults) in [(0.0, 0), (1.0, 30)] {
        let stage = Stage::with(Options {
            fault_rate,
            ..Options::default()
        });
        statuses(&stage, "job_a", "sim-random", 30).await;
        let counts = stage.counts().await;
        assert_eq!(counts["total"], 30);
        assert_eq!(counts["faults"], faults);
    }
}

#[tokio::test]
async fn storm_throttles_every_job_until_it_is_over() {
    let stage = Stage::new();
    for job in ["job_a", "job_b"] {
        let call = stage.call_for(job, 1, "sim-storm-1");
        let answer = whole(call.send().await.unwrap()).await;
        assert_eq!(answer.status, 429, "{job}");
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(statuses(&stage, "job_b", "sim-storm-1", 1).await, [200]);
    // Another model's storm begins with its own first call.
    assert_eq!(statuses(&stage, "job_a", "sim-outage-9", 1).await, [503]);
}

#[tokio::test]
async fn good_answers_are_counted_by_job() {
    let stage = Stage::new();
    statuses(&stage, "job_a", "sim-flaky-1", 3).await;
    statuses(&stage, "job_b", "sim-error200", 1).await;
    statuses(&stage, "job_c", "sim-ok", 1).await;
    stage.until_count("inFlight", 0).await;
    let answered = stage.ask("answered").await;
    assert_eq!(answered, json!({"jobs": {"job_a": 2, "job_c": 1}}));
}

#[tokio::test]
async fn calls_of_a_model_are_told_in_order_whatever_their_job() {
    let stage = Stage::new();
    for (job, model) in [
        ("job_b", "sim-ok"),
        ("job_a", "sim-500"),
        ("job_a", "sim-ok"),
    ] {
        statuses(&stage, job, model, 1).await;
    }
    let calls = stage.ask("models/sim-ok").await["calls"].clone();
    let calls = calls.as_array().unwrap();
    let started: Vec<u64> = calls
        .iter()
        .map(|call| call["startedAtMs"].as_u64().unwrap())
        .collect();
    assert_eq!(started.len(), 2);
    assert!(started.is_sorted());
    assert!(calls.iter().all(|call| call["status"] == 200));
    assert_eq!(stage.ask("models/sim-big").await, json!({"calls": []}));
}
