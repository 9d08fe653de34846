//! Where attempts leave their jobs.

use crate::bench::{ACK, Bench, START, answer, status};
use redrive_shared::clock::Clock;
use redrive_shared::document::JobDocument;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::{AttemptOutcome, JobState};
use redrive_shared::native::ScriptedTransport;
use redrive_shared::run::Disposition;
use redrive_shared::status_cache;

#[tokio::test]
async fn an_answer_is_stored_cached_and_acknowledged() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([answer("four")]);
    assert_eq!(
        bench.deliver(&provider, &[bench.message(&job)]).await,
        [ACK]
    );
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::Succeeded);
    assert_eq!(record.result.output.as_deref(), Some("four"));
    assert_eq!(record.attempts.len(), 1);
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Succeeded);
    let cached = bench.ports.cache.entries();
    let text = cached
        .get(&status_cache::key(&bench.tenant, &job))
        .expect("cached");
    let document: JobDocument = serde_json::from_str(text).expect("a document");
    assert_eq!(
        document,
        JobDocument::from(record),
        "the cache says what the database says"
    );
}

#[tokio::test]
async fn the_request_carries_the_key_and_the_log_does_not() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([status(500)]);
    bench.deliver(&provider, &[bench.message(&job)]).await;
    let request = provider.requests().remove(0);
    assert!(
        request
            .headers
            .iter()
            .any(|(_, value)| value.as_str() == "Bearer sk-canary-secret")
    );
    assert!(
        request
            .headers
            .iter()
            .any(|(name, value)| *name == "x-redrive-job" && value.as_str() == job.as_str())
    );
    let log = bench.ports.log.lines().join("\n");
    assert!(log.contains(job.as_str()));
    for secret in ["canary", "Bearer"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn a_transient_failure_is_scheduled_again_and_counts() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([status(500)]);
    let dispositions = bench.deliver(&provider, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!(
        (record.state, record.failures),
        (JobState::RetryScheduled, 1)
    );
    assert_eq!(record.error_code, Some(ErrorCode::ProviderError));
    let wait = record.due_at.expect("due").millis_since(START);
    assert!(
        (1_000..=2_000).contains(&wait),
        "half to all of two seconds, not {wait} ms"
    );
    let delay_seconds = u32::try_from((wait + 999) / 1000).expect("small");
    assert_eq!(dispositions, [Disposition::Retry { delay_seconds }]);
}

#[tokio::test]
async fn the_last_failure_allowed_ends_as_a_dead_letter_with_its_reason() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([status(500), status(500), status(500)]);
    for _ in 0..3 {
        bench.deliver(&provider, &[bench.message(&job)]).await;
        bench.ports.clock.advance_millis(300_000);
    }
    let record = bench.read(&job).await;
    assert_eq!((record.state, record.failures), (JobState::DeadLettered, 3));
    assert_eq!(record.error_code, Some(ErrorCode::AttemptsExhausted));
    let message = record.error.expect("told").message;
    assert!(
        message.contains("3 attempts") && message.contains("provider_error"),
        "{message}"
    );
    assert_eq!(record.attempts.len(), 3);
    let letters = bench.ports.dead_letters.take();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains(job.as_str()) && letters[0].contains("attempts_exhausted"));
    assert!(
        bench.ports.cache.entries().is_empty(),
        "a dead letter can be replayed: it is not cached"
    );
}

#[tokio::test]
async fn throttling_costs_no_failure() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new((0..10).map(|_| status(429)));
    for attempt in 1..=10 {
        bench.deliver(&provider, &[bench.message(&job)]).await;
        let record = bench.read(&job).await;
        assert_eq!(
            (record.attempt, record.failures, record.deferrals),
            (attempt, 0, attempt)
        );
        assert_eq!(record.state, JobState::RetryScheduled);
        bench.ports.clock.advance_millis(
            record
                .due_at
                .expect("due")
                .millis_since(bench.ports.clock.now()),
        );
    }
}

#[tokio::test]
async fn no_attempt_is_scheduled_after_the_deadline() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench.ports.clock.advance_millis(3_599_500);
    let provider = ScriptedTransport::new([status(500)]);
    assert_eq!(
        bench.deliver(&provider, &[bench.message(&job)]).await,
        [ACK]
    );
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::DeadLettered);
    assert_eq!(record.error_code, Some(ErrorCode::DeadlineExceeded));
}

#[tokio::test]
async fn the_callers_fault_fails_at_once_and_is_cached() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([status(400)]);
    assert_eq!(
        bench.deliver(&provider, &[bench.message(&job)]).await,
        [ACK]
    );
    let record = bench.read(&job).await;
    assert_eq!(
        (record.state, record.error_code),
        (JobState::Failed, Some(ErrorCode::InvalidRequest))
    );
    assert_eq!(bench.ports.cache.entries().len(), 1);
    assert!(bench.ports.dead_letters.take().is_empty());
}

#[tokio::test]
async fn a_missing_provider_setting_is_told_by_the_job() {
    let mut bench = Bench::new();
    bench.settings.providers = redrive_shared::provider::Providers::default();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([]);
    bench.deliver(&provider, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::DeadLettered);
    assert_eq!(record.error_code, Some(ErrorCode::ProviderMisconfigured));
    assert!(
        record
            .error
            .expect("told")
            .message
            .contains("default_providers")
    );
    assert!(provider.requests().is_empty());
}

#[tokio::test]
async fn an_output_that_outgrows_the_row_fails_with_its_reason() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([answer(&"\0".repeat(640_000))]);
    assert_eq!(
        bench.deliver(&provider, &[bench.message(&job)]).await,
        [ACK]
    );
    let record = bench.read(&job).await;
    assert_eq!(record.error_code, Some(ErrorCode::OutputTooLarge));
}
