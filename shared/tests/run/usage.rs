//! What calls used and cost is counted once, and providers with limits are called no more often.

use crate::bench::{ACK, Bench, START, answer, status, transient};
use redrive_shared::clock::Clock;
use redrive_shared::configuration::{
    Configuration, ModelConfiguration, Price, ProviderConfiguration,
};
use redrive_shared::database::DatabaseError;
use redrive_shared::day::Day;
use redrive_shared::document::JobDocument;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::{AttemptOutcome, JobState};
use redrive_shared::native::{Fault, ScriptedTransport};
use redrive_shared::provider::{Provider, Providers};
use redrive_shared::request::Target;
use redrive_shared::run::Disposition;
use redrive_shared::usage::{GroupBy, UsageRange, UsageSums};

/// A provider whose model costs 2 dollars and 5 dollars for a million tokens read and written.
fn provider(
    name: &str,
    calls_per_minute: Option<u32>,
    concurrency: Option<u32>,
) -> ProviderConfiguration {
    let mut one = ProviderConfiguration::new(name, Provider::Compatible, "http://127.0.0.1:9/v1");
    one.default_model = Some("sim-ok".to_owned());
    let price = Price {
        input: 2_000_000,
        cached_input: None,
        output: 5_000_000,
    };
    let model = ModelConfiguration {
        price: Some(price),
        ..ModelConfiguration::default()
    };
    one.models.insert("sim-ok".to_owned(), model);
    (one.calls_per_minute, one.concurrency) = (calls_per_minute, concurrency);
    one
}

/// A bench whose jobs ask these providers, one after the other.
fn bench(providers: Vec<ProviderConfiguration>) -> Bench {
    let mut bench = Bench::new();
    let targets = providers.iter().map(|one| Target::new(&one.name, "sim-ok"));
    let configuration = Configuration {
        default_providers: targets.collect(),
        providers: providers
            .into_iter()
            .map(|one| (one.name.clone(), one))
            .collect(),
        ..Configuration::default()
    };
    bench.settings.providers = Providers::new(configuration, |_| None);
    bench
}

/// What the bench's tenant used, by provider, on the first day and the next.
async fn used(bench: &Bench) -> Vec<(String, UsageSums)> {
    let today = Day::of(START);
    let range = UsageRange::new(Some(today), Some(today.plus_days(1)), today).expect("a range");
    let store = &bench.ports.store;
    let used = store.usage(&bench.tenant, &range, GroupBy::Provider).await;
    used.expect("reads").groups
}

/// The sums of so many answers of the script, of 2 tokens read and 5 written.
fn answers(calls: u64) -> UsageSums {
    UsageSums {
        calls,
        answers: calls,
        input_tokens: Some(2 * calls),
        output_tokens: Some(5 * calls),
        cost_micro_usd: Some(29 * calls),
        ..UsageSums::default()
    }
}

#[tokio::test]
async fn an_answer_is_counted_with_its_cost() {
    let bench = bench(vec![provider("local", None, None)]);
    let jobs = [bench.submit().await, bench.submit().await];
    let transport = ScriptedTransport::new([answer("four"), answer("five")]);
    let messages = jobs.each_ref().map(|job| bench.message(job));
    assert_eq!(bench.deliver(&transport, &messages).await, [ACK, ACK]);
    assert_eq!(used(&bench).await, [("local".to_owned(), answers(2))]);
    for job in &jobs {
        let document = JobDocument::from(bench.read(job).await);
        assert_eq!(document.cost_micro_usd, Some(29));
        assert_eq!(document.attempts[0].cost_micro_usd, Some(29));
        assert_eq!(document.attempts[0].model.as_deref(), Some("sim-ok"));
    }
    assert_eq!(
        bench.rows("provider_minutes") + bench.rows("provider_slots"),
        0
    );
}

#[tokio::test]
async fn a_call_is_counted_once_whatever_the_database_does() {
    for faults in [
        vec![Fault::None, Fault::After(transient())],
        vec![
            Fault::None,
            Fault::Before(transient()),
            Fault::After(transient()),
        ],
        vec![
            Fault::None,
            Fault::After(DatabaseError::Other("strange".to_owned())),
        ],
    ] {
        let bench = bench(vec![provider("local", None, None)]);
        let jobs = [bench.submit().await, bench.submit().await];
        bench.fail_next(faults);
        let transport = ScriptedTransport::new([answer("four"), answer("five")]);
        let messages = jobs.each_ref().map(|job| bench.message(job));
        assert_eq!(bench.deliver(&transport, &messages).await, [ACK, ACK]);
        assert_eq!(used(&bench).await, [("local".to_owned(), answers(2))]);
    }
}

#[tokio::test]
async fn a_failed_call_is_counted_and_what_it_may_have_cost_is_not_known() {
    let bench = bench(vec![provider("local", None, None)]);
    let job = bench.submit().await;
    let timeout = Err(redrive_shared::provider::TransportError::Timeout);
    let transport = ScriptedTransport::new([status(500), timeout, answer("four")]);
    for _ in 0..3 {
        bench.deliver(&transport, &[bench.message(&job)]).await;
        bench.ports.clock.advance_millis(60_000);
    }
    assert_eq!(bench.read(&job).await.state, JobState::Succeeded);
    let sums = UsageSums {
        calls: 3,
        calls_without_usage: 1,
        ..answers(1)
    };
    assert_eq!(used(&bench).await, [("local".to_owned(), sums)]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_stored_is_paid_for_all_the_same() {
    let bench = bench(vec![provider("local", None, None)]);
    let job = bench.submit().await;
    let transport = ScriptedTransport::new([answer(&"\0".repeat(640_000))]);
    bench.deliver(&transport, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!(record.error_code, Some(ErrorCode::OutputTooLarge));
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Failed);
    assert_eq!(JobDocument::from(record).cost_micro_usd, Some(29));
    let sums = UsageSums {
        answers: 0,
        ..answers(1)
    };
    assert_eq!(used(&bench).await, [("local".to_owned(), sums)]);
}

#[tokio::test]
async fn an_answer_that_comes_after_a_cancellation_is_counted_once() {
    let bench = bench(vec![provider("local", None, None)]);
    let job = bench.submit().await;
    // The claim is made, and its answer comes when the job is cancelled already.
    bench.execute(
        "CREATE TRIGGER cancelled AFTER UPDATE ON jobs WHEN NEW.state = 'running' BEGIN \
         UPDATE jobs SET state = 'cancelled', due_at_ms = NULL, completed_at_ms = 1, expires_at_ms = 1 WHERE id = NEW.id; END",
    );
    let transport = ScriptedTransport::new([answer("late")]);
    bench.fail_next([Fault::None, Fault::None, Fault::After(transient())]);
    assert_eq!(
        bench.deliver(&transport, &[bench.message(&job)]).await,
        [ACK]
    );
    let document = JobDocument::from(bench.read(&job).await);
    assert_eq!(document.status, JobState::Cancelled);
    assert_eq!(document.cost_micro_usd, Some(29));
    assert_eq!(document.dropped_answers[0].cost_micro_usd, Some(29));
    let sums = UsageSums {
        answers: 0,
        ..answers(1)
    };
    assert_eq!(used(&bench).await, [("local".to_owned(), sums)]);
}

#[tokio::test]
async fn a_job_that_meets_a_limit_waits_without_blame_and_is_not_counted() {
    let bench = bench(vec![provider("local", Some(1), None)]);
    let jobs = [bench.submit().await, bench.submit().await];
    let transport = ScriptedTransport::new([answer("four"), answer("five")]);
    let messages = jobs.each_ref().map(|job| bench.message(job));
    let dispositions = bench.deliver(&transport, &messages).await;
    assert_eq!(transport.requests().len(), 1);
    let [ACK, Disposition::Retry { delay_seconds }] = dispositions[..] else {
        panic!("{dispositions:?}");
    };
    let waiting = bench.read(&jobs[1]).await;
    assert_eq!(
        (waiting.state, waiting.failures, waiting.deferrals),
        (JobState::RetryScheduled, 0, 1)
    );
    assert_eq!(waiting.error_code, Some(ErrorCode::ProviderRateLimited));
    assert_eq!(JobDocument::from(waiting).cost_micro_usd, None);
    assert_eq!(used(&bench).await, [("local".to_owned(), answers(1))]);
    bench
        .ports
        .clock
        .advance_millis(i64::from(delay_seconds) * 1_000);
    let message = bench.message(&jobs[1]);
    assert_eq!(bench.deliver(&transport, &[message]).await, [ACK]);
    assert_eq!(used(&bench).await, [("local".to_owned(), answers(2))]);
}

#[tokio::test]
async fn a_job_that_meets_a_limit_goes_on_to_the_next_provider() {
    let bench = bench(vec![
        provider("first", None, Some(1)),
        provider("second", None, None),
    ]);
    let now = bench.ports.clock.now().as_millis();
    bench.execute(&format!(
        "INSERT INTO provider_slots VALUES ('first', 'another/1', {now}, {now} + 60000)"
    ));
    let job = bench.submit().await;
    let transport = ScriptedTransport::new([answer("four")]);
    assert_eq!(
        bench.deliver(&transport, &[bench.message(&job)]).await,
        [ACK]
    );
    let document = JobDocument::from(bench.read(&job).await);
    assert_eq!(document.provider.as_deref(), Some("second"));
    let passed = &document.attempts[0].fallbacks[0];
    assert_eq!(
        (passed.provider.as_str(), passed.code, passed.called),
        ("first", ErrorCode::ProviderRateLimited, false)
    );
    assert_eq!(used(&bench).await, [("second".to_owned(), answers(1))]);
    assert_eq!(bench.rows("provider_slots"), 1, "the other one's");
}

#[tokio::test]
async fn a_slot_is_given_back_after_the_call_however_it_ended() {
    let bench = bench(vec![provider("local", None, Some(1))]);
    let transport = ScriptedTransport::new([answer("four"), status(500), status(401)]);
    for _ in 0..3 {
        let job = bench.submit().await;
        bench.deliver(&transport, &[bench.message(&job)]).await;
        assert_eq!(bench.rows("provider_slots"), 0);
    }
    // The circuit is open since the last call, and nobody is asked.
    let job = bench.submit().await;
    bench.deliver(&transport, &[bench.message(&job)]).await;
    assert_eq!(transport.requests().len(), 3);
    assert_eq!(bench.rows("provider_slots"), 0);
}
