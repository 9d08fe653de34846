//! What becomes of each message.

use crate::bench::{ACK, Bench, START, answer, delivered, status, transient};
use redrive_shared::dead_letter;
use redrive_shared::ids::{BatchId, JobId};
use redrive_shared::job::JobState;
use redrive_shared::message::{Task, TaskMessage};
use redrive_shared::native::{Fault, ScriptedTransport};
use redrive_shared::provider::TransportError;
use redrive_shared::queue::Lane;
use redrive_shared::run::{Delivered, Disposition, run_delivery};
use std::time::Duration;

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
async fn an_answer_that_comes_after_the_cancellation_is_dropped_and_counted() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let late = LateTransport {
        bench: &bench,
        job: job.clone(),
    };
    let message = [bench.message(&job)];
    let dispositions = run_delivery(
        &bench.ports,
        &late,
        &bench.settings,
        &bench.circuits,
        Lane::Single,
        &message,
    )
    .await;
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
            .cancel(&self.bench.tenant, &self.job, START, None)
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
    let step = TaskMessage {
        tenant_id: bench.tenant.clone(),
        task: Task::Batch(BatchId::new(START, &bench.ports.entropy)),
    };
    let worn = [delivered(Some(step.encode()), 101)];
    assert_eq!(dead_letter::receive(&bench.ports, &worn).await, [ACK]);
    assert_eq!(bench.rows("undecodable_messages"), 1, "a step is known");
    let record = bench.read(&waiting).await;
    assert_eq!(record.state, JobState::Queued, "the sweep sends it again");
    bench.fail_next([Fault::Before(transient())]);
    assert_eq!(
        dead_letter::receive(&bench.ports, &messages[..1]).await,
        [ACK]
    );
}
