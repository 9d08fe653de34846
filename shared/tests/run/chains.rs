//! Jobs that name several providers: who is asked, in which order, and what the history says.

mod crowd;
mod turns;

use crate::bench::{ACK, Bench};
use crowd::{Crowd, Says};
use redrive_shared::clock::Clock;
use redrive_shared::configuration::{
    Configuration, ModelConfiguration, Price, ProviderConfiguration,
};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::job::{AttemptOutcome, JobRecord, JobState, Kind};
use redrive_shared::provider::{Provider, Providers};
use redrive_shared::queue::Lane;
use redrive_shared::request::{GenerateInput, Message, OnContentFilter, OnRefusal, Role, Target};
use redrive_shared::run::run_delivery;
use redrive_shared::store::NewJob;
use std::collections::BTreeMap;

/// A bench with the providers `a`, `b` and `c`, whose contexts grow in this order.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let providers = [("a", 8_000), ("b", 4_000), ("c", 128_000)].map(|(name, context)| {
        let url = format!("http://{name}/v1");
        let mut one = ProviderConfiguration::new(name, Provider::OpenAi, url);
        one.api_key_secret = Some("KEY".to_owned());
        let model = ModelConfiguration {
            context_tokens: Some(context),
            price: Some(Price {
                input: 150_000,
                cached_input: None,
                output: 600_000,
            }),
            ..ModelConfiguration::default()
        };
        one.models.insert("m".to_owned(), model);
        (name.to_owned(), one)
    });
    let configuration = Configuration {
        providers: BTreeMap::from(providers),
        ..Configuration::default()
    };
    bench.settings.providers = Providers::new(configuration, |_| Some("sk-1".to_owned()));
    bench
}

fn asking(chain: &[&str]) -> GenerateInput {
    let targets = chain.iter().map(|name| Target::new(*name, "m")).collect();
    GenerateInput::new(targets, vec![Message::new(Role::User, "Hello")])
}

async fn submit(bench: &Bench, input: &GenerateInput) -> JobId {
    submit_with(bench, input, 3).await
}

async fn submit_with(bench: &Bench, input: &GenerateInput, max_attempts: u32) -> JobId {
    let now = bench.ports.clock.now();
    let job = NewJob {
        tenant_id: bench.tenant.clone(),
        id: JobId::new(now, &bench.ports.entropy),
        kind: Kind::Generate,
        max_attempts,
        created_at: now,
        deadline_seconds: 3_600,
        model: None,
        ref_type: None,
        ref_id: None,
        metadata: BTreeMap::new(),
        request: serde_json::to_string(input).expect("JSON"),
    };
    bench.ports.store.insert_job(&job).await.expect("stored");
    job.id
}

/// Delivers the job's message, at once or when it is due, and reads where that leaves it.
async fn run(bench: &Bench, crowd: &Crowd<'_>, job: &JobId) -> JobRecord {
    let due = bench.read(job).await.due_at;
    let wait = due.map_or(0, |due| due.millis_since(bench.ports.clock.now()));
    bench.ports.clock.advance_millis(wait.max(0));
    let messages = [bench.message(job)];
    let ports = &bench.ports;
    run_delivery(
        ports,
        crowd,
        &bench.settings,
        &bench.circuits,
        Lane::Single,
        &messages,
    )
    .await;
    bench.read(job).await
}

/// Who was passed over in an attempt: provider, code, and whether it was asked.
fn passed(job: &JobRecord, attempt: usize) -> Vec<(&str, ErrorCode, bool)> {
    let attempt = job.attempts.get(attempt).expect("there");
    let fallbacks = attempt.fallbacks.iter();
    fallbacks
        .map(|one| (one.provider.as_str(), one.code, one.called))
        .collect()
}

#[tokio::test]
async fn a_provider_that_refuses_the_key_is_passed_over_at_once_and_then_not_even_asked() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says("a", [Says::Status(401, "invalid_api_key")])
        .says("b", [Says::Answer("one"), Says::Answer("two")]);
    let job = submit(&bench, &asking(&["a", "b"])).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "b"]);
    assert_eq!(record.state, JobState::Succeeded);
    assert_eq!(record.attempts.len(), 1);
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Succeeded);
    assert_eq!(record.attempts[0].provider.as_deref(), Some("b"));
    assert_eq!(record.attempts[0].cost_micro_usd, Some(210));
    assert_eq!(passed(&record, 0), [("a", ErrorCode::ProviderAuth, true)]);
    // The circuit of the first is open now.
    let job = submit(&bench, &asking(&["a", "b"])).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["b"]);
    assert_eq!(record.state, JobState::Succeeded);
    assert_eq!(passed(&record, 0), [("a", ErrorCode::ProviderAuth, false)]);
}

#[tokio::test]
async fn an_overloaded_provider_is_tried_again_before_the_next_one_is() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says(
            "a",
            [(); 3].map(|()| Says::Status(503, "server_is_overloaded")),
        )
        .says("b", [Says::Answer("well")]);
    let job = submit(&bench, &asking(&["a", "b"])).await;
    for _ in 0..2 {
        let record = run(&bench, &crowd, &job).await;
        assert_eq!(record.state, JobState::RetryScheduled);
        assert_eq!(record.failures, 0, "the provider asked for patience");
    }
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(record.state, JobState::Succeeded);
    assert_eq!(crowd.asked(), ["a", "a", "a", "b"]);
    assert_eq!(
        passed(&record, 2),
        [("a", ErrorCode::ProviderUnavailable, true)]
    );
}

#[tokio::test]
async fn a_job_ends_only_when_every_provider_refused_for_good() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says("a", [Says::Status(404, "model_not_found")])
        .says("b", [Says::Status(402, "billing_error")])
        .says("c", [Says::Status(400, "invalid_request_error")]);
    let job = submit(&bench, &asking(&["a", "b", "c"])).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "b", "c"]);
    assert_eq!(record.state, JobState::DeadLettered);
    // An operator can put right what the second one wants.
    assert_eq!(record.error_code, Some(ErrorCode::ProviderBilling));
    assert_eq!(
        passed(&record, 0),
        [
            ("a", ErrorCode::ModelUnavailable, true),
            ("c", ErrorCode::InvalidRequest, true)
        ]
    );
}

#[tokio::test]
async fn a_refusal_of_one_does_not_end_a_job_that_another_may_still_answer() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says(
            "a",
            [
                Says::StatusFor(429, "rate_limit_exceeded", "300"),
                Says::Answer("late"),
            ],
        )
        .says("b", [Says::Status(400, "invalid_request_error")]);
    let job = submit(&bench, &asking(&["a", "b"])).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "b"]);
    assert_eq!(record.state, JobState::RetryScheduled);
    assert_eq!(record.error_code, Some(ErrorCode::ProviderRateLimited));
    assert_eq!(passed(&record, 0), [("b", ErrorCode::InvalidRequest, true)]);
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a"], "the second refused for good");
    assert_eq!(record.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_provider_that_asked_to_be_left_alone_is() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says("a", [Says::StatusFor(429, "rate_limit_exceeded", "300")])
        .says("b", [Says::Status(500, "server_error"), Says::Answer("b")]);
    let job = submit(&bench, &asking(&["a", "b"])).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(record.state, JobState::RetryScheduled);
    assert_eq!(record.failures, 1);
    let wait = record
        .due_at
        .expect("due")
        .millis_since(bench.ports.clock.now());
    assert!(wait <= 2_000, "the second may be asked sooner: {wait}");
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "b", "b"]);
    assert_eq!(record.state, JobState::Succeeded);
    assert_eq!(
        passed(&record, 1),
        [("a", ErrorCode::ProviderRateLimited, false)]
    );
}

#[tokio::test]
async fn after_a_silence_the_next_attempt_goes_on_with_the_next_provider() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says("a", [Says::Nothing, Says::Nothing])
        .says("b", [Says::Answer("b")]);
    let job = submit(&bench, &asking(&["a", "b"])).await;
    let first = run(&bench, &crowd, &job).await;
    assert_eq!((first.state, first.failures), (JobState::RetryScheduled, 1));
    let second = run(&bench, &crowd, &job).await;
    assert_eq!(
        (second.state, second.failures),
        (JobState::RetryScheduled, 2)
    );
    let due = second.due_at.expect("due");
    assert_eq!(due, bench.ports.clock.now(), "at once");
    assert_eq!(
        passed(&second, 1),
        [("a", ErrorCode::ProviderTimeout, true)]
    );
    let third = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "a", "b"]);
    assert_eq!(third.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_context_that_was_too_small_is_not_forgotten_by_the_next_attempt() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says("a", [Says::Status(400, "context_length_exceeded")])
        .says(
            "c",
            [Says::Status(500, "server_error"), Says::Answer("all of it")],
        );
    let job = submit(&bench, &asking(&["a", "b", "c"])).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(record.state, JobState::RetryScheduled);
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "c", "c"]);
    assert_eq!(record.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_context_that_is_too_long_goes_to_a_larger_one_only() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says("a", [Says::Status(400, "context_length_exceeded")])
        .says("c", [Says::Answer("long")]);
    let job = submit(&bench, &asking(&["a", "b", "c"])).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "c"]);
    assert_eq!(record.state, JobState::Succeeded);

    let crowd = Crowd::new(&bench).says("a", [Says::Status(400, "context_length_exceeded")]);
    let job = submit(&bench, &asking(&["a", "b"])).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(record.state, JobState::Failed);
    assert_eq!(record.error_code, Some(ErrorCode::ContextLengthExceeded));
}

#[tokio::test]
async fn a_filtered_answer_goes_to_the_next_provider_only_when_the_job_says_so() {
    let bench = bench();
    let crowd = Crowd::new(&bench)
        .says("a", [Says::Filtered("half"), Says::Filtered("half")])
        .says("b", [Says::Answer("whole")]);
    let job = submit(&bench, &asking(&["a", "b"])).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a"]);
    assert_eq!(record.state, JobState::Failed);
    let error = record.error.expect("told");
    assert_eq!(error.partial_output.as_deref(), Some("half"));
    assert_eq!(record.attempts[0].cost_micro_usd, Some(210));

    let mut input = asking(&["a", "b"]);
    input.on_content_filter = OnContentFilter::Fallback;
    let job = submit(&bench, &input).await;
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(crowd.asked(), ["a", "b"]);
    assert_eq!(record.result.output.as_deref(), Some("whole"));
    assert_eq!(record.attempts[0].fallbacks[0].cost_micro_usd, Some(210));
}

#[tokio::test]
async fn what_a_refusal_comes_to_is_the_jobs_choice() {
    let bench = bench();
    for (choice, asked, state) in [
        (OnRefusal::Fail, vec!["a"], JobState::Failed),
        (OnRefusal::Succeed, vec!["a"], JobState::Succeeded),
        (OnRefusal::Fallback, vec!["a", "b"], JobState::Succeeded),
    ] {
        let crowd = Crowd::new(&bench)
            .says("a", [Says::Declined("I will not.")])
            .says("b", [Says::Answer("I will.")]);
        let mut input = asking(&["a", "b"]);
        input.on_refusal = choice;
        let job = submit(&bench, &input).await;
        let record = run(&bench, &crowd, &job).await;
        assert_eq!(crowd.asked(), asked);
        assert_eq!(record.state, state);
        if choice == OnRefusal::Succeed {
            assert_eq!(record.result.output.as_deref(), Some("I will not."));
            assert_eq!(record.result.finish_reason.as_deref(), Some("refusal"));
        }
    }
}

#[tokio::test]
async fn failures_of_all_providers_use_up_one_budget() {
    let bench = bench();
    let errors = || [(); 3].map(|()| Says::Status(500, "server_error"));
    let crowd = Crowd::new(&bench).says("a", errors()).says("b", errors());
    let job = submit(&bench, &asking(&["a", "b"])).await;
    for failures in 1..=2 {
        let record = run(&bench, &crowd, &job).await;
        assert_eq!(
            (record.state, record.failures),
            (JobState::RetryScheduled, failures)
        );
    }
    let record = run(&bench, &crowd, &job).await;
    assert_eq!(record.state, JobState::DeadLettered);
    assert_eq!(record.error_code, Some(ErrorCode::AttemptsExhausted));
    assert_eq!(crowd.asked(), ["a", "a", "a", "b"]);
}

#[tokio::test]
async fn a_provider_that_is_not_configured_any_more_is_passed_over() {
    let bench = bench();
    let crowd = Crowd::new(&bench).says("b", [Says::Answer("b")]);
    let job = submit(&bench, &asking(&["gone", "b"])).await;
    let messages = [bench.message(&job)];
    let ports = &bench.ports;
    let settings = &bench.settings;
    let dispositions = run_delivery(
        ports,
        &crowd,
        settings,
        &bench.circuits,
        Lane::Single,
        &messages,
    )
    .await;
    assert_eq!(dispositions, [ACK]);
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::Succeeded);
    assert_eq!(
        passed(&record, 0),
        [("gone", ErrorCode::ProviderMisconfigured, false)]
    );
}
