//! Programs and test cases, from the claim to the document.

mod remote;
mod support;
mod tests;

use crate::bench::{ACK, Bench, status};
use redrive_shared::clock::Clock;
use redrive_shared::document::{JobDocument, ResultDocument};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::execute::LimitReached;
use redrive_shared::ids::JobId;
use redrive_shared::ids::KeyId;
use redrive_shared::job::JobState;
use redrive_shared::native::ScriptedTransport;
use redrive_shared::provider::{Destination, Providers, TransportError};
use redrive_shared::replay::{ReplayRequest, Replayed, replay};
use redrive_shared::request::Known;
use redrive_shared::status_cache;
use serde_json::{Value, json};
use support::{body, program, ran, runs};

#[tokio::test]
async fn a_program_is_run_and_what_it_did_is_stored() {
    let bench = Bench::new();
    let job = program(&bench, "python").await;
    let run = json!({
        "stdout": "42\n", "stdoutTruncated": false, "stderr": "", "stderrTruncated": false,
        "exitCode": 0, "value": [1.5, null], "durationMs": 12
    });
    let executor = ScriptedTransport::new([runs(&[run], 0)]);
    assert_eq!(
        bench.deliver(&executor, &[bench.message(&job)]).await,
        [ACK]
    );

    let requests = executor.requests();
    assert_eq!(requests.len(), 1);
    let service = Destination::Service {
        binding: "EXECUTOR_PYTHON",
        path: "/run",
    };
    assert_eq!(requests[0].to, service);
    assert_eq!(
        body(&requests[0]),
        json!({
            "language": "python", "sourceCode": "canary source", "runs": [{"stdin": "in"}],
            "limits": {"timeMs": 10_000, "memoryBytes": 67_108_864, "totalTimeMs": 95_000}
        })
    );

    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::Succeeded);
    let cached = bench.ports.cache.entries();
    let cached = cached.get(&status_cache::key(&bench.tenant, &job));
    let cached: JobDocument = serde_json::from_str(cached.expect("cached")).expect("a document");
    let document = JobDocument::from(record);
    assert_eq!(document, cached);
    assert_eq!(
        serde_json::to_value(document.result).ok(),
        Some(json!({
            "stdout": "42\n", "stderr": "", "exitCode": 0, "value": [1.5, null], "durationMs": 12
        }))
    );
    assert_eq!(document.provider.as_deref(), Some("executor-python"));
    assert_eq!(document.model.as_deref(), Some("python"));
    let log = bench.ports.log.lines().join("\n");
    assert!(
        log.contains(job.as_str()) && !log.contains("canary"),
        "{log}"
    );
}

#[tokio::test]
async fn code_that_fails_makes_no_attempt_fail() {
    let bench = Bench::new();
    for (run, limit) in [
        (json!({"exitCode": 1, "stderr": "Error: no"}), None),
        (
            json!({"exitCode": 137, "limit": "time"}),
            Some(LimitReached::Time),
        ),
        (
            json!({"exitCode": 137, "limit": "memory"}),
            Some(LimitReached::Memory),
        ),
        (
            json!({"exitCode": 1, "limit": "recursion"}),
            Some(LimitReached::Recursion),
        ),
    ] {
        let job = program(&bench, "javascript").await;
        let executor = ScriptedTransport::new([runs(&[ran(&run)], 0)]);
        bench.deliver(&executor, &[bench.message(&job)]).await;
        let record = bench.read(&job).await;
        assert_eq!((record.state, record.failures), (JobState::Succeeded, 0));
        let Some(ResultDocument::Run(done)) = JobDocument::from(record).result else {
            panic!("no run: {run}");
        };
        assert_eq!(done.limit, limit);
        assert_eq!(json!(done.exit_code), run["exitCode"]);
    }
}

#[tokio::test]
async fn an_executor_that_fails_is_asked_again() {
    let bench = Bench::new();
    let job = program(&bench, "python").await;
    let failures = [
        (status(500), ErrorCode::ProviderError),
        (Err(TransportError::Timeout), ErrorCode::ProviderTimeout),
    ];
    for (failures_so_far, (reply, code)) in (1..).zip(failures) {
        let executor = ScriptedTransport::new([reply]);
        bench.deliver(&executor, &[bench.message(&job)]).await;
        let record = bench.read(&job).await;
        assert_eq!(
            (record.state, record.failures, record.error_code),
            (JobState::RetryScheduled, failures_so_far, Some(code))
        );
        bench.ports.clock.advance_millis(300_000);
    }
    let executor = ScriptedTransport::new([runs(&[ran(&json!({}))], 0)]);
    bench.deliver(&executor, &[bench.message(&job)]).await;
    assert_eq!(bench.read(&job).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn an_executor_that_refuses_is_put_right_and_the_job_replayed() {
    let bench = Bench::new();
    let job = program(&bench, "python").await;
    let refusal =
        json!({"error": {"code": "bad_request", "message": "`limits` must be an object"}});
    let executor = ScriptedTransport::new([
        Ok((400, refusal.to_string())),
        runs(&[ran(&json!({"value": 4}))], 0),
    ]);
    bench.deliver(&executor, &[bench.message(&job)]).await;
    let dead = bench.read(&job).await;
    assert_eq!(
        (dead.state, dead.error_code),
        (
            JobState::DeadLettered,
            Some(ErrorCode::ProviderMisconfigured)
        )
    );
    let actor = KeyId::new(bench.ports.clock.now(), &bench.ports.entropy);
    let request = ReplayRequest::default();
    let known = Known {
        configuration: bench.settings.providers.configuration(),
        default_providers: &[],
    };
    let (ports, tenant) = (&bench.ports, &bench.tenant);
    let replayed = replay(ports, &known, tenant, &job, &actor, request, None).await;
    assert_eq!(replayed, Ok(Replayed::Done));
    bench.deliver(&executor, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!((record.state, record.attempt), (JobState::Succeeded, 2));
    let requests = executor.requests();
    assert_eq!(
        body(&requests[0]),
        body(&requests[1]),
        "the same is asked for again"
    );
}

#[tokio::test]
async fn an_answer_without_the_run_is_of_another_version() {
    for reply in [
        runs(&[], 1),
        runs(&[], 0),
        runs(&[ran(&json!({})), ran(&json!({}))], 0),
    ] {
        let bench = Bench::new();
        let job = program(&bench, "python").await;
        let executor = ScriptedTransport::new([reply]);
        bench.deliver(&executor, &[bench.message(&job)]).await;
        let record = bench.read(&job).await;
        assert_eq!(
            (record.state, record.error_code),
            (JobState::DeadLettered, Some(ErrorCode::ProviderBadResponse))
        );
    }
}

/// Delivers a job that dies of the settings with nobody asked, and reads why.
async fn misconfigured(bench: &Bench, job: &JobId) -> String {
    let executor = ScriptedTransport::new([]);
    bench.deliver(&executor, &[bench.message(job)]).await;
    let record = bench.read(job).await;
    assert_eq!(
        (record.state, record.error_code),
        (
            JobState::DeadLettered,
            Some(ErrorCode::ProviderMisconfigured)
        )
    );
    assert!(executor.requests().is_empty());
    record.error.expect("told").message
}

#[tokio::test]
async fn a_language_that_nobody_runs_any_more_is_told() {
    let mut bench = Bench::new();
    let job = program(&bench, "python").await;
    let mut configuration = bench.settings.providers.configuration().clone();
    configuration.executor.languages.clear();
    bench.settings.providers = Providers::new(configuration, |_| None);
    let message = misconfigured(&bench, &job).await;
    assert!(message.contains("runs python any more"), "{message}");
}

#[tokio::test]
async fn an_executor_without_its_binding_is_not_asked_and_the_operator_is_told() {
    let mut bench = Bench::new();
    let job = program(&bench, "python").await;
    let all = bench.settings.providers.clone();
    bench.settings.providers = all
        .clone()
        .with_bindings(|binding| binding != "EXECUTOR_PYTHON");
    let missing = "The binding `EXECUTOR_PYTHON` of executor-python is missing in the Worker";
    let message = misconfigured(&bench, &job).await;
    assert!(message.contains(missing), "{message}");
    assert_eq!(bench.settings.providers.problems(), [missing]);
    assert!(bench.settings.providers.get("executor-javascript").is_ok());
    assert!(all.with_bindings(|_| true).problems().is_empty());
}

#[tokio::test]
async fn a_number_that_no_double_holds_is_given_as_its_digits() {
    let bench = Bench::new();
    let job = program(&bench, "python").await;
    let digits = "7".repeat(375);
    let reply = format!(
        r#"{{"runs":[{{"stdout":"","stderr":"","exitCode":0,"durationMs":1,"value":[{digits}]}}],"notRun":0}}"#
    );
    let executor = ScriptedTransport::new([Ok((200, reply))]);
    bench.deliver(&executor, &[bench.message(&job)]).await;
    let Some(ResultDocument::Run(run)) = JobDocument::from(bench.read(&job).await).result else {
        panic!("no run");
    };
    assert_eq!(run.value, Some(json!([digits])));
}

#[tokio::test]
async fn the_largest_run_there_can_be_is_stored() {
    let bench = Bench::new();
    let job = program(&bench, "python").await;
    // Control characters take six bytes each as JSON.
    let most = "\u{1}".repeat(65_536);
    let run = json!({"stdout": most, "stderr": most, "value": most});
    let executor = ScriptedTransport::new([runs(&[ran(&run)], 0)]);
    bench.deliver(&executor, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::Succeeded);
    let Some(ResultDocument::Run(run)) = JobDocument::from(record).result else {
        panic!("no run");
    };
    assert_eq!(run.value, Some(Value::String(most)));
}
