//! What a message does whose job is rescued, leased, late, or has been asked for too often.

use crate::bench::{ACK, Bench, START, answer, transient};
use futures_util::FutureExt;
use redrive_shared::audit::Actor;
use redrive_shared::clock::Clock;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::job::{AttemptOutcome, JobState};
use redrive_shared::message::JobMessage;
use redrive_shared::native::{Fault, ScriptedTransport};
use redrive_shared::provider::{ProviderReply, ProviderRequest, Transport, TransportError};
use redrive_shared::queue::Lane;
use redrive_shared::run::{Delivered, Disposition, run_delivery};
use redrive_shared::sweep::sweep;
use std::time::Duration;

/// A run that dies as soon as it asks about one job: the call never comes back.
struct Deadly {
    guilty: JobId,
    well: ScriptedTransport,
}

impl Transport for Deadly {
    async fn send(
        &self,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let names = |job: &JobId| {
            let named =
                |(name, value): &(
                    std::borrow::Cow<'_, str>,
                    redrive_shared::provider::HeaderText,
                )| { *name == "x-redrive-job" && value.as_str() == job.as_str() };
            request.headers.iter().any(named)
        };
        if names(&self.guilty) {
            std::future::pending::<()>().await;
        }
        self.well.send(request, timeout).await
    }
}

/// Delivers what the queue holds; when the run dies, nothing is answered and it is dropped.
fn deliver_all(bench: &Bench, transport: &Deadly, messages: &[Delivered]) {
    let run = run_delivery(
        &bench.ports,
        transport,
        &bench.settings,
        &bench.circuits,
        Lane::Single,
        messages,
    );
    drop(run.now_or_never());
}

#[tokio::test]
async fn f36_a_job_that_takes_down_its_run_takes_no_neighbour_along() {
    let bench = Bench::new();
    let mut jobs = Vec::new();
    for _ in 0..10 {
        jobs.push(bench.submit().await);
    }
    let transport = Deadly {
        guilty: jobs[3].clone(),
        well: ScriptedTransport::new((0..40).map(|_| answer("fine"))),
    };
    let mut messages: Vec<Delivered> = jobs.iter().map(|job| bench.message(job)).collect();
    for _ in 0..6 {
        deliver_all(&bench, &transport, &messages);
        bench.ports.clock.advance_millis(301_000);
        sweep(&bench.ports, 60).await.expect("sweeps");
        messages = bench
            .ports
            .jobs
            .take()
            .iter()
            .map(|body| bench.message(&JobMessage::decode(body).expect("decodes").job_id))
            .collect();
    }
    for job in &jobs {
        let record = bench.read(job).await;
        if *job == jobs[3] {
            assert_eq!(record.state, JobState::DeadLettered);
            assert_eq!(record.error_code, Some(ErrorCode::Poison));
            assert_eq!(record.rescues, 3);
        } else {
            assert_eq!(record.state, JobState::Succeeded);
            assert!(record.rescues <= 1, "{}", record.rescues);
        }
    }
}

#[tokio::test]
async fn a_message_of_a_run_that_died_comes_back_when_the_lease_is_over() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let transport = Deadly {
        guilty: job.clone(),
        well: ScriptedTransport::new([]),
    };
    let first = bench.message(&job);
    deliver_all(&bench, &transport, std::slice::from_ref(&first));
    let nobody = ScriptedTransport::new([]);
    // A copy of the message is of no use; the message itself is all that is left of the run.
    let copy = bench.deliver(&nobody, std::slice::from_ref(&first)).await;
    assert_eq!(copy, [ACK]);
    let again = Delivered {
        deliveries: 2,
        ..first
    };
    let dispositions = bench.deliver(&nobody, std::slice::from_ref(&again)).await;
    assert_eq!(dispositions, [Disposition::Retry { delay_seconds: 180 }]);
    bench.ports.clock.advance_millis(180_000);
    let well = ScriptedTransport::new([answer("rescued")]);
    assert_eq!(bench.deliver(&well, &[again]).await, [ACK]);
    let record = bench.read(&job).await;
    assert_eq!((record.attempt, record.rescues), (2, 1));
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Rescued);
}

#[tokio::test]
async fn a_message_that_comes_after_the_deadline_ends_its_job() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench.ports.clock.advance_millis(3_600_000);
    let nobody = ScriptedTransport::new([]);
    bench.fail_next([Fault::None]);
    bench.fail_next(std::iter::repeat_n(Fault::Before(transient()), 3));
    let unsure = bench.deliver(&nobody, &[bench.message(&job)]).await;
    assert_eq!(unsure, [Disposition::Retry { delay_seconds: 5 }]);
    assert_eq!(bench.deliver(&nobody, &[bench.message(&job)]).await, [ACK]);
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::DeadLettered);
    assert_eq!(record.error_code, Some(ErrorCode::DeadlineExceeded));
    assert_eq!(bench.ports.dead_letters.take().len(), 1);
}

#[tokio::test]
async fn a_job_deferred_two_hundred_times_ends_by_its_own_policy() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let mut message = bench.message(&job);
    let mut sent_anew = 0;
    for _ in 0..200 {
        let throttled = ScriptedTransport::new([crate::bench::status(429)]);
        let dispositions = bench
            .deliver(&throttled, std::slice::from_ref(&message))
            .await;
        message.deliveries += 1;
        match dispositions[..] {
            [Disposition::Retry { delay_seconds }] => {
                assert!(message.deliveries <= 51, "the platform gives up at 100");
                bench
                    .ports
                    .clock
                    .advance_millis(i64::from(delay_seconds) * 1_000);
            }
            [ACK] => {
                let Some(delay) = bench.ports.jobs.delays().first().copied() else {
                    break;
                };
                bench.ports.jobs.take();
                bench.ports.clock.advance_millis(i64::from(delay) * 1_000);
                message.deliveries = 1;
                sent_anew += 1;
            }
            _ => panic!("{dispositions:?}"),
        }
        // The deadline is not what this is about.
        let now = bench.ports.clock.now().as_millis();
        bench.execute(&format!(
            "UPDATE jobs SET deadline_at_ms = {now} + 86400000"
        ));
    }
    assert_eq!(sent_anew, 4);
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::RetryScheduled);
    assert_eq!((record.failures, record.deferrals), (0, 200));
    assert_eq!(record.attempts.len(), 100);
    let well = ScriptedTransport::new([answer("at last")]);
    assert_eq!(bench.deliver(&well, &[message]).await, [ACK]);
    assert_eq!(bench.read(&job).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn what_a_dropped_answer_cost_is_kept_with_the_job() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let transport = CancelWhileRunning {
        bench: &bench,
        job: job.clone(),
    };
    let message = [bench.message(&job)];
    assert_eq!(
        run_delivery(
            &bench.ports,
            &transport,
            &bench.settings,
            &bench.circuits,
            Lane::Single,
            &message
        )
        .await,
        [ACK]
    );
    let record = bench.read(&job).await;
    assert_eq!(record.state, JobState::Cancelled);
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Cancelled);
    assert_eq!(record.dropped_answers.len(), 1);
    let usage = record.dropped_answers[0].usage.expect("told");
    assert_eq!(usage.total_tokens, Some(7));
    assert_eq!(bench.events("fenced"), 1);
    assert_eq!(
        bench.ports.cache.entries().len(),
        1,
        "the document with the cost"
    );
    assert!(record.completed_at >= Some(START));
}

struct CancelWhileRunning<'a> {
    bench: &'a Bench,
    job: JobId,
}

impl Transport for CancelWhileRunning<'_> {
    async fn send(
        &self,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let (ports, tenant) = (&self.bench.ports, &self.bench.tenant);
        let cancelled =
            redrive_shared::cancel::cancel(ports, tenant, &self.job, Actor::Operator).await;
        assert!(cancelled.is_ok());
        assert_eq!(ports.cache.entries().len(), 0, "its cost is still to come");
        ScriptedTransport::new([answer("late")])
            .send(request, timeout)
            .await
    }
}
