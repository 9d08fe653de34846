//! Behaviours that depend on the job and on the number of the call.

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
