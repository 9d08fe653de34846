//! Jobs that are at the end of their attempts or of their time, and have a provider left.

use super::crowd::{Crowd, Says};
use super::{asking, bench, passed, run, submit, submit_with};
use redrive_shared::clock::Clock;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::JobState;
use std::time::Duration;

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_no_wait_while_another_may_answer() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says("a", [Says::StatusFor(429, "rate_limit_exceeded", "60")])
        .says("b", [Says::Answer("in time")]);
    let job = submit(&bench, &asking(&["a", "b"])).await;
    bench.ports.clock.advance_millis(3_550_000);
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "b"]);
    assert_eq!(record.state, JobState::Succeeded);
    assert_eq!(
        passed(&record, 0),
        [("a", ErrorCode::ProviderRateLimited, true)]
    );
}

#[tokio::test]
async fn the_last_failure_of_a_job_asks_the_next_provider_first() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says("a", [Says::Status(500, "server_error")])
        .says("b", [Says::Answer("saved")]);
    let job = submit_with(&bench, &asking(&["a", "b"]), 1).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "b"]);
    assert_eq!(record.state, JobState::Succeeded);
    assert_eq!(passed(&record, 0), [("a", ErrorCode::ProviderError, true)]);
}

#[tokio::test]
async fn a_silence_that_is_the_last_failure_leaves_the_next_provider_its_turn() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says("a", [Says::Nothing])
        .says("b", [Says::Answer("well")]);
    let job = submit_with(&bench, &asking(&["a", "b"]), 1).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(record.state, JobState::RetryScheduled);
    assert_eq!(record.failures, 0);
    assert_eq!(record.due_at, Some(bench.ports.clock.now()));
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "b"]);
    assert_eq!(record.state, JobState::Succeeded);
}

#[tokio::test]
async fn the_next_provider_has_its_turn_when_the_deadline_is_nearer_than_an_attempt_is_long() {
    let mut bench = bench();
    bench.settings.attempt_timeout = Duration::from_secs(40);
    let crowd = Crowd::new(&bench)
        .says("a", [Says::Nothing])
        .says("b", [Says::Answer("in time")]);
    let job = submit_with(&bench, &asking(&["a", "b"]), 1).await;
    bench.ports.clock.advance_millis(3_540_000);
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(record.state, JobState::RetryScheduled);
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "b"]);
    assert_eq!(record.state, JobState::Succeeded);
}
