//! Programs and test cases on a remote executor.

use super::support::{Slow, body, piston, program, report, tests, with_remote_executor};
use crate::bench::status;
use redrive_shared::document::{JobDocument, ResultDocument};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::JobState;
use redrive_shared::native::ScriptedTransport;
use redrive_shared::provider::{Destination, TransportError};
use serde_json::{Value, json};

#[tokio::test]
async fn a_program_goes_to_the_remote_executor_with_the_key() {
    let bench = with_remote_executor();
    let job = program(&bench, "rust").await;
    let server = ScriptedTransport::new([piston("42\n")]);
    bench.deliver(&server, &[bench.message(&job)]).await;
    let request = server.requests().remove(0);
    let url = "http://127.0.0.1:9/api/v2/execute".to_owned();
    assert_eq!(request.to, Destination::Url(url));
    let key = request
        .headers
        .iter()
        .find(|(name, _)| name == "authorization");
    assert_eq!(key.map(|(_, value)| value.as_str()), Some("piston-key"));
    assert!(
        request
            .headers
            .iter()
            .any(|(name, _)| name == "x-redrive-job")
    );
    assert_eq!(
        body(&request),
        json!({
            "language": "rust", "version": "1.68.2", "files": [{"content": "canary source"}],
            "stdin": "in", "args": [], "run_timeout": 10_000, "run_cpu_time": 10_000,
            "run_memory_limit": 67_108_864
        })
    );
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::Succeeded);
    let document = JobDocument::from(record);
    assert_eq!(document.provider.as_deref(), Some("remote-executor"));
    let Some(ResultDocument::Run(run)) = document.result else {
        panic!("no run");
    };
    assert_eq!((run.stdout.as_str(), run.exit_code), ("42\n", 0));
    assert_eq!(run.duration_ms, 31);
}

#[tokio::test]
async fn each_case_is_a_call_of_its_own() {
    let bench = with_remote_executor();
    let inputs = [json!("a"), json!([1, 2]), json!("c")];
    let job = tests(&bench, "rust", None, &inputs).await;
    let server = ScriptedTransport::new([piston("a\n"), piston("[1, 2.0]"), piston("b")]);
    bench.deliver(&server, &[bench.message(&job)]).await;
    let asked: Vec<Value> = server
        .requests()
        .iter()
        .map(|request| body(request)["stdin"].clone())
        .collect();
    assert_eq!(asked, ["a", "[1,2]", "c"]);
    let report = report(&bench, &job).await;
    let passed: Vec<bool> = report.cases.iter().map(|case| case.passed).collect();
    assert_eq!(passed, [true, true, false]);
}

#[tokio::test]
async fn a_call_that_fails_fails_the_attempt_and_all_cases_are_run_again() {
    let bench = with_remote_executor();
    let job = tests(&bench, "rust", None, &[json!("a"), json!("b")]).await;
    let server = ScriptedTransport::new([piston("a"), status(503), piston("a"), piston("b")]);
    bench.deliver(&server, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!(
        (record.state, record.error_code),
        (
            JobState::RetryScheduled,
            Some(ErrorCode::ProviderUnavailable)
        )
    );
    bench.ports.clock.advance_millis(300_000);
    bench.deliver(&server, &[bench.message(&job)]).await;
    assert_eq!(report(&bench, &job).await.passed, 2);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn cases_are_run_as_long_as_there_is_time_for_a_whole_one() {
    let bench = with_remote_executor();
    let inputs = vec![json!("a"); 100];
    let job = tests(&bench, "rust", None, &inputs).await;
    let server = Slow {
        inner: ScriptedTransport::new((0..100).map(|_| piston("a"))),
        clock: &bench.ports.clock,
        millis: 12_000,
    };
    server.deliver(&bench, &job).await;
    // After nine of twelve seconds each, twelve of two minutes are left, and a case may take ten
    // and the way there.
    let report = report(&bench, &job).await;
    assert_eq!((report.passed, report.failed), (9, 91));
    assert_eq!(server.inner.requests().len(), 9);
}

#[tokio::test]
async fn a_later_case_that_takes_all_that_is_left_ends_the_report() {
    let bench = with_remote_executor();
    let job = tests(&bench, "rust", None, &[json!("a"), json!("b")]).await;
    let server = ScriptedTransport::new([piston("a"), Err(TransportError::Timeout)]);
    bench.deliver(&server, &[bench.message(&job)]).await;
    let report = report(&bench, &job).await;
    assert_eq!((report.passed, report.failed), (1, 1));
    let error = report.cases[1].error.as_deref().expect("told");
    assert!(error.contains("was not run"), "{error}");
}

#[tokio::test]
async fn a_first_case_that_takes_too_long_fails_the_attempt() {
    let bench = with_remote_executor();
    let job = tests(&bench, "rust", None, &[json!("a"), json!("b")]).await;
    let server = ScriptedTransport::new([Err(TransportError::Timeout)]);
    bench.deliver(&server, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!(
        (record.state, record.error_code),
        (JobState::RetryScheduled, Some(ErrorCode::ProviderTimeout))
    );
}

#[tokio::test]
async fn a_language_that_the_server_does_not_have_is_the_operators_to_put_right() {
    let bench = with_remote_executor();
    let job = program(&bench, "rust").await;
    let unknown = json!({"message": "rust-1.68.2 runtime is unknown"}).to_string();
    let server = ScriptedTransport::new([Ok((400, unknown))]);
    bench.deliver(&server, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!(
        (record.state, record.error_code),
        (
            JobState::DeadLettered,
            Some(ErrorCode::ProviderMisconfigured)
        )
    );
}

#[tokio::test]
async fn a_sandbox_that_fails_is_asked_again() {
    let bench = with_remote_executor();
    let job = program(&bench, "rust").await;
    let broken = json!({"run": {
        "stdout": "", "stderr": "", "code": null, "signal": null, "status": "XX",
        "message": "Cannot run proxy, clone failed"
    }});
    let server = ScriptedTransport::new([Ok((200, broken.to_string()))]);
    bench.deliver(&server, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!(
        (record.state, record.error_code),
        (JobState::RetryScheduled, Some(ErrorCode::ProviderError))
    );
}

#[tokio::test]
async fn languages_have_circuits_of_their_own() {
    let bench = with_remote_executor();
    let refused = program(&bench, "ruby").await;
    let server = ScriptedTransport::new([status(401)]);
    bench.deliver(&server, &[bench.message(&refused)]).await;
    assert_eq!(bench.read(&refused).await.state, JobState::DeadLettered);
    let (waits, runs) = (program(&bench, "ruby").await, program(&bench, "rust").await);
    let server = ScriptedTransport::new([piston("")]);
    let messages = [bench.message(&waits), bench.message(&runs)];
    bench.deliver(&server, &messages).await;
    assert_eq!(bench.read(&runs).await.state, JobState::Succeeded);
    let waiting = bench.read(&waits).await;
    assert_eq!(
        (waiting.state, waiting.deferrals),
        (JobState::RetryScheduled, 1)
    );
}

#[tokio::test]
async fn a_function_is_not_sent_where_functions_are_not_called() {
    let mut bench = with_remote_executor();
    let job = tests(&bench, "python", Some("f"), &[json!(1)]).await;
    let mut configuration = bench.settings.providers.configuration().clone();
    configuration.executor.languages.clear();
    bench.settings.providers =
        redrive_shared::provider::Providers::new(configuration, |_| Some("key".to_owned()));
    let server = ScriptedTransport::new([]);
    bench.deliver(&server, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!(record.error_code, Some(ErrorCode::ProviderMisconfigured));
    let message = record.error.expect("told").message;
    assert!(message.contains("calls no functions"), "{message}");
    assert!(server.requests().is_empty());
}
