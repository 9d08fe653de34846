//! The consumer's use cases on the native store, with faults at every effect.
#![expect(
    clippy::expect_used,
    reason = "a test ends by panicking when its ground is not there"
)]

use redrive_shared::clock::{Clock, Instant};
use redrive_shared::database::{Database, DatabaseError};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::{JobId, TenantId};
use redrive_shared::job::{AttemptOutcome, JobRecord, JobState, Kind};
use redrive_shared::message::JobMessage;
use redrive_shared::native::{
    Fault, FaultyDatabase, NativePorts, Scripted, ScriptedTransport, SqliteDatabase,
};
use redrive_shared::provider::{ProviderSettings, Secret, TransportError};
use redrive_shared::run::{Delivered, Disposition, RunSettings, run_delivery};
use redrive_shared::status_cache;
use redrive_shared::store::NewJob;
use redrive_shared::sweep::sweep;
use redrive_shared::{dead_letter, document::JobDocument};
use std::collections::BTreeMap;
use std::time::Duration;

const START: Instant = Instant::from_millis(1_795_000_000_000);
const ACK: Disposition = Disposition::Acknowledge;

type Ports = NativePorts<FaultyDatabase<SqliteDatabase>>;

struct Bench {
    ports: Ports,
    tenant: TenantId,
    settings: RunSettings,
}

impl Bench {
    fn new() -> Self {
        let database = FaultyDatabase::new(SqliteDatabase::in_memory().expect("migrates"));
        let ports = NativePorts::new(database, START, 7);
        let tenant = TenantId::new(START, &ports.entropy);
        let settings = RunSettings {
            provider: ProviderSettings {
                base_url: "http://127.0.0.1:9/v1".to_owned(),
                api_key: Some(Secret::new("sk-canary-secret".to_owned())),
                default_model: Some("sim-ok".to_owned()),
            },
            attempt_timeout: Duration::from_mins(2),
            lease_margin: Duration::from_mins(1),
        };
        Self {
            ports,
            tenant,
            settings,
        }
    }

    fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.ports.store.database().fail_next(faults);
    }

    async fn submit(&self) -> JobId {
        let job = NewJob {
            tenant_id: self.tenant.clone(),
            id: JobId::new(self.ports.clock.now(), &self.ports.entropy),
            kind: Kind::Generate,
            max_attempts: 3,
            created_at: self.ports.clock.now(),
            deadline_at: self.ports.clock.now().plus_seconds(3_600),
            model: None,
            ref_type: None,
            ref_id: None,
            metadata: BTreeMap::new(),
            request: r#"{"messages":[{"role":"user","content":"canary prompt"}]}"#.to_owned(),
        };
        self.ports.store.insert_job(&job).await.expect("stored");
        job.id
    }

    fn message(&self, job: &JobId) -> Delivered {
        let message = JobMessage {
            tenant_id: self.tenant.clone(),
            job_id: job.clone(),
        };
        delivered(Some(message.encode()), 1)
    }

    async fn deliver(
        &self,
        transport: &ScriptedTransport,
        messages: &[Delivered],
    ) -> Vec<Disposition> {
        run_delivery(&self.ports, transport, &self.settings, messages).await
    }

    async fn read(&self, job: &JobId) -> JobRecord {
        self.ports
            .store
            .job(&self.tenant, job)
            .await
            .expect("readable")
            .expect("there")
    }

    fn rows(&self, table: &str) -> i64 {
        self.ports
            .store
            .database()
            .inner()
            .with_connection(|connection| {
                let sql = format!("SELECT count(*) FROM {table}");
                connection
                    .query_row(&sql, [], |row| row.get(0))
                    .expect("counts")
            })
    }
}

fn delivered(body: Option<String>, deliveries: u32) -> Delivered {
    Delivered {
        id: "m1".to_owned(),
        queue: "redrive-jobs".to_owned(),
        deliveries,
        body,
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the script holds failures as well"
)]
fn answer(text: &str) -> Scripted {
    let body = serde_json::json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "sim-ok-2026",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 2, "completion_tokens": 5, "total_tokens": 7},
    });
    Ok((200, body.to_string()))
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the script holds failures as well"
)]
fn status(status: u16) -> Scripted {
    Ok((
        status,
        r#"{"error":{"message":"no","type":"x","param":null,"code":null}}"#.to_owned(),
    ))
}

fn transient() -> DatabaseError {
    DatabaseError::Transient("Network connection lost".to_owned())
}

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
async fn a_delivery_runs_every_job_once_even_when_messages_repeat() {
    let bench = Bench::new();
    let mut jobs = Vec::new();
    for _ in 0..8 {
        jobs.push(bench.submit().await);
    }
    let mut messages: Vec<_> = jobs.iter().map(|job| bench.message(job)).collect();
    messages.push(bench.message(&jobs[0]));
    messages.push(bench.message(&jobs[0]));
    let provider = ScriptedTransport::new((0..8).map(|_| answer("x")));
    assert_eq!(bench.deliver(&provider, &messages).await, [ACK; 10]);
    assert_eq!(provider.requests().len(), 8);
    assert_eq!(bench.rows("task_results"), 8);
    let again = ScriptedTransport::new([]);
    assert_eq!(bench.deliver(&again, &messages).await, [ACK; 10]);
    assert!(
        again.requests().is_empty(),
        "a job that is done is not asked again"
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
    bench.settings.provider.default_model = None;
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([]);
    bench.deliver(&provider, &[bench.message(&job)]).await;
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::DeadLettered);
    assert_eq!(record.error_code, Some(ErrorCode::ProviderMisconfigured));
    assert!(record.error.expect("told").message.contains("OPENAI_MODEL"));
    assert!(provider.requests().is_empty());
}

#[tokio::test]
async fn a_claim_that_fails_asks_for_redelivery_and_calls_nobody() {
    for fault in [Fault::Before(transient()), Fault::After(transient())] {
        let bench = Bench::new();
        let job = bench.submit().await;
        bench.fail_next([fault]);
        let provider = ScriptedTransport::new([answer("x")]);
        let dispositions = bench.deliver(&provider, &[bench.message(&job)]).await;
        assert_eq!(dispositions, [Disposition::Retry { delay_seconds: 5 }]);
        assert!(provider.requests().is_empty());
    }
}

#[tokio::test]
async fn an_overloaded_database_is_left_alone_for_longer() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench.fail_next([Fault::Before(DatabaseError::Overloaded("busy".to_owned()))]);
    let dispositions = bench
        .deliver(&ScriptedTransport::new([]), &[bench.message(&job)])
        .await;
    assert_eq!(dispositions, [Disposition::Retry { delay_seconds: 30 }]);
}

#[tokio::test]
async fn a_commit_that_fails_for_a_moment_is_tried_again_in_place() {
    for fault in [Fault::Before(transient()), Fault::After(transient())] {
        let bench = Bench::new();
        let job = bench.submit().await;
        bench.fail_next([Fault::None, fault.clone(), fault]);
        let provider = ScriptedTransport::new([answer("once")]);
        assert_eq!(
            bench.deliver(&provider, &[bench.message(&job)]).await,
            [ACK]
        );
        assert_eq!(bench.read(&job).await.state, JobState::Succeeded);
        assert_eq!(bench.rows("task_results"), 1);
        assert_eq!(provider.requests().len(), 1);
    }
}

#[tokio::test]
async fn without_a_commit_nothing_is_acknowledged_and_the_sweep_runs_the_job_again() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench.fail_next([Fault::None]);
    bench.fail_next((0..5).map(|_| Fault::Before(transient())));
    let provider = ScriptedTransport::new([answer("lost")]);
    let dispositions = bench.deliver(&provider, &[bench.message(&job)]).await;
    assert_eq!(dispositions, [Disposition::Retry { delay_seconds: 5 }]);
    assert_eq!(bench.read(&job).await.state, JobState::Running);

    bench.ports.clock.advance_millis(180_000);
    sweep(&bench.ports, 60).await.expect("sweeps");
    let bodies = bench.ports.jobs.take();
    assert_eq!(bodies.len(), 1);
    let provider = ScriptedTransport::new([answer("kept")]);
    let message = delivered(Some(bodies[0].clone()), 1);
    assert_eq!(bench.deliver(&provider, &[message]).await, [ACK]);
    let record = bench.read(&job).await;
    assert_eq!(record.result.output.as_deref(), Some("kept"));
    assert_eq!((record.attempt, record.rescues, record.failures), (2, 1, 0));
}

#[tokio::test]
async fn an_answer_that_comes_after_the_cancellation_is_dropped_and_counted() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let late = LateTransport {
        bench: &bench,
        job: job.clone(),
    };
    let message = [bench.message(&job)];
    let dispositions = run_delivery(&bench.ports, &late, &bench.settings, &message).await;
    assert_eq!(dispositions, [ACK]);
    assert_eq!(bench.read(&job).await.state, JobState::Cancelled);
    assert_eq!(bench.rows("task_results"), 0);
    assert!(
        bench
            .ports
            .log
            .lines()
            .iter()
            .any(|line| line.contains(r#""event":"fenced""#))
    );
}

/// Cancels the job while its call is under way, then answers.
struct LateTransport<'a> {
    bench: &'a Bench,
    job: JobId,
}

impl redrive_shared::provider::Transport for LateTransport<'_> {
    async fn send(
        &self,
        request: &redrive_shared::provider::ProviderRequest,
        timeout: Duration,
    ) -> Result<redrive_shared::provider::ProviderReply, TransportError> {
        let store = &self.bench.ports.store;
        let cancelled = store
            .cancel(&self.bench.tenant, &self.job, START)
            .await
            .expect("runs");
        assert!(cancelled.is_some());
        ScriptedTransport::new([answer("late")])
            .send(request, timeout)
            .await
    }
}

#[tokio::test]
async fn messages_that_cannot_be_read_are_kept_and_the_rest_of_the_delivery_runs() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let mut messages = vec![
        delivered(Some("not json".to_owned()), 1),
        delivered(None, 1),
        delivered(Some(r#"{"v":9,"job":"job_0192f0c1000070008000000000000002","tenant":"ten_0192f0c1000070008000000000000001"}"#.to_owned()), 1),
        bench.message(&job),
    ];
    for (index, message) in messages.iter_mut().enumerate() {
        message.id = format!("m{index}");
    }
    let provider = ScriptedTransport::new([answer("x")]);
    assert_eq!(bench.deliver(&provider, &messages).await, [ACK; 4]);
    assert_eq!(bench.rows("undecodable_messages"), 3);
    assert_eq!(bench.read(&job).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_job_that_cannot_be_read_stops_neither_its_neighbours_nor_the_sweep() {
    let bench = Bench::new();
    let (strange, good) = (bench.submit().await, bench.submit().await);
    bench
        .ports
        .store
        .database()
        .inner()
        .with_connection(|connection| {
            let sql =
                "UPDATE jobs SET attempts = '[{\"outcome\":\"of a later version\"}]' WHERE id = ?1";
            connection
                .execute(sql, [strange.as_str()])
                .expect("updates");
        });
    let provider = ScriptedTransport::new([answer("x")]);
    let messages = [bench.message(&strange), bench.message(&good)];
    assert_eq!(bench.deliver(&provider, &messages).await, [ACK, ACK]);
    assert_eq!(bench.read(&good).await.state, JobState::Succeeded);
    let log = bench.ports.log.lines();
    assert!(log.iter().any(|line| line.contains("unreadable_job")));
    assert!(!log.iter().any(|line| line.contains("of a later version")));
    bench.ports.clock.advance_millis(300_000);
    sweep(&bench.ports, 60).await.expect("sweeps");
    assert_eq!(
        bench.ports.jobs.take().len(),
        1,
        "the job is rescued, to end as poison"
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_stored_does_not_take_its_neighbours_along() {
    let bench = Bench::new();
    let (refused, good) = (bench.submit().await, bench.submit().await);
    bench
        .ports
        .store
        .database()
        .inner()
        .with_connection(|connection| {
            let sql = format!(
                "CREATE TRIGGER refuse BEFORE INSERT ON task_results WHEN NEW.job_id = '{refused}' \
             BEGIN SELECT RAISE(ABORT, 'too big'); END"
            );
            connection.execute_batch(&sql).expect("creates");
        });
    let provider = ScriptedTransport::new([answer("x"), answer("y")]);
    let messages = [bench.message(&refused), bench.message(&good)];
    let dispositions = bench.deliver(&provider, &messages).await;
    assert_eq!(
        dispositions,
        [Disposition::Retry { delay_seconds: 60 }, ACK]
    );
    assert_eq!(bench.read(&good).await.state, JobState::Succeeded);
    assert_eq!(bench.read(&refused).await.state, JobState::Running);
}

#[tokio::test]
async fn a_request_of_a_later_version_is_kept_for_replay() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench
        .ports
        .store
        .database()
        .inner()
        .with_connection(|connection| {
            let sql = "UPDATE jobs SET request = '{}'";
            connection.execute(sql, []).expect("updates");
        });
    let provider = ScriptedTransport::new([]);
    assert_eq!(
        bench.deliver(&provider, &[bench.message(&job)]).await,
        [ACK]
    );
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::DeadLettered);
    assert_eq!(record.error_code, Some(ErrorCode::UnreadableRequest));
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

#[tokio::test]
async fn a_message_that_could_not_be_kept_comes_again() {
    let bench = Bench::new();
    bench.fail_next([Fault::Before(transient())]);
    let messages = [delivered(Some("not json".to_owned()), 1)];
    let dispositions = bench.deliver(&ScriptedTransport::new([]), &messages).await;
    assert_eq!(dispositions, [Disposition::Retry { delay_seconds: 5 }]);
}

#[tokio::test]
async fn a_ghost_is_asked_for_again_three_times_and_then_let_go() {
    let bench = Bench::new();
    let ghost = JobId::new(START, &bench.ports.entropy);
    for (deliveries, expected) in [(1, false), (3, false), (4, true)] {
        let message = Delivered {
            deliveries,
            ..bench.message(&ghost)
        };
        let dispositions = bench.deliver(&ScriptedTransport::new([]), &[message]).await;
        assert_eq!(
            dispositions == [ACK],
            expected,
            "after {deliveries} deliveries"
        );
    }
    assert!(
        bench
            .ports
            .log
            .lines()
            .iter()
            .any(|line| line.contains("ghost_message"))
    );
}

#[tokio::test]
async fn a_message_that_comes_early_waits_until_its_job_is_due() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([status(503)]);
    let first = bench.deliver(&provider, &[bench.message(&job)]).await;
    let second = bench.deliver(&provider, &[bench.message(&job)]).await;
    assert_eq!(first, second, "both wait for the same instant");
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn a_broken_cache_or_dead_letter_queue_stops_nothing() {
    let bench = Bench::new();
    bench.ports.cache.set_broken(true);
    bench.ports.dead_letters.set_broken(true);
    let (good, bad) = (bench.submit().await, bench.submit().await);
    let provider = ScriptedTransport::new([answer("x"), status(401)]);
    let messages = [bench.message(&good), bench.message(&bad)];
    assert_eq!(bench.deliver(&provider, &messages).await, [ACK, ACK]);
    assert_eq!(bench.read(&good).await.state, JobState::Succeeded);
    assert_eq!(
        bench.read(&bad).await.error_code,
        Some(ErrorCode::ProviderAuth)
    );
}

#[tokio::test]
async fn a_sweep_that_cannot_send_leaves_the_job_for_the_next_one() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench.ports.clock.advance_millis(61_000);
    bench.ports.jobs.set_broken(true);
    sweep(&bench.ports, 60).await.expect("the database moved");
    bench.ports.jobs.set_broken(false);
    bench.ports.clock.advance_millis(61_000);
    sweep(&bench.ports, 60).await.expect("sweeps");
    let bodies = bench.ports.jobs.take();
    assert_eq!(bodies.len(), 1);
    assert_eq!(JobMessage::decode(&bodies[0]).expect("decodes").job_id, job);
}

#[tokio::test]
async fn the_dead_letter_consumer_acknowledges_whatever_it_gets() {
    let bench = Bench::new();
    let waiting = bench.submit().await;
    let ghost = JobId::new(START, &bench.ports.entropy);
    let messages = [
        bench.message(&waiting),
        bench.message(&ghost),
        delivered(Some("{".to_owned()), 1),
    ];
    assert_eq!(
        dead_letter::receive(&bench.ports, &messages).await,
        [ACK; 3]
    );
    assert_eq!(bench.rows("undecodable_messages"), 1);
    let record = bench.read(&waiting).await;
    assert_eq!(record.state, JobState::Queued, "the sweep sends it again");
    bench.fail_next([Fault::Before(transient())]);
    assert_eq!(
        dead_letter::receive(&bench.ports, &messages[..1]).await,
        [ACK]
    );
}

#[tokio::test]
async fn a_lease_covers_every_round_of_calls_and_the_commit() {
    let bench = Bench::new();
    for (jobs, seconds) in [(1, 180), (5, 180), (6, 300), (10, 300), (100, 2_460)] {
        assert_eq!(
            bench.settings.lease_until(START, jobs),
            START.plus_seconds(seconds)
        );
    }
    assert!(bench.ports.store.database().batch(vec![]).await.is_ok());
}
