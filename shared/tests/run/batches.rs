//! Batches: taken, made into jobs step by step, ended.

mod files;
mod lines;
mod unreadable;

use crate::bench::{ACK, Bench, answer, delivered, transient};
use redrive_shared::audit::Actor;
use redrive_shared::batch::intake::{BatchRequest, Intake, Refused, Taken};
use redrive_shared::batch::results::{After, Results, Unsuccessful};
use redrive_shared::batch::splitter::Form;
use redrive_shared::batch::{self, CancelledBatch};
use redrive_shared::configuration::Configuration;
use redrive_shared::ids::BatchId;
use redrive_shared::job::JobState;
use redrive_shared::message::JobMessage;
use redrive_shared::native::{Fault, ScriptedTransport};
use redrive_shared::queue::Lane;
use redrive_shared::request::Known;
use redrive_shared::run::{Delivered, Disposition, run_delivery};
use redrive_shared::store::{BatchRecord, BatchStatus};
use redrive_shared::sweep::sweep;
use redrive_shared::task;
use serde_json::{Map, json};

const DAY_MS: i64 = 86_400_000;

/// Takes an upload in pieces of 100 bytes.
pub(crate) async fn take(
    bench: &Bench,
    upload: &str,
    skips_invalid: bool,
) -> Result<Taken, Refused> {
    let request = BatchRequest {
        form: Form::Lines,
        skips_invalid,
        name: None,
        defaults: Map::new(),
    };
    let known = Known {
        configuration: configuration(bench),
        default_providers: &[],
    };
    let begun = Intake::begin(&bench.ports, known, &bench.tenant, &request).await;
    let mut intake = begun.expect("begins");
    for piece in upload.as_bytes().chunks(100) {
        if let Err(refused) = intake.push(piece).await {
            intake.discard().await;
            return Err(refused);
        }
    }
    intake.finish(None).await
}

fn configuration(bench: &Bench) -> &Configuration {
    bench.settings.providers.configuration()
}

pub(crate) fn upload(lines: u32) -> String {
    let line = |number| {
        format!(
            "{}\n",
            json!({"customId": format!("c{number}"), "prompt": "p"})
        )
    };
    (1..=lines).map(line).collect()
}

async fn read(bench: &Bench, id: &BatchId) -> BatchRecord {
    let found = bench.ports.store.find_batch(&bench.tenant, id).await;
    found.expect("readable").expect("there")
}

/// Delivers what waits in the task queue, once, when its delay is over, and a second later at least;
/// answers how many messages it was.
async fn step(bench: &Bench) -> usize {
    let delay = bench
        .ports
        .tasks
        .delays()
        .into_iter()
        .max()
        .unwrap_or(0)
        .max(1);
    bench.ports.clock.advance_millis(i64::from(delay) * 1_000);
    let messages = tasks(bench);
    for message in &messages {
        let one = std::slice::from_ref(message);
        task::receive(&bench.ports, configuration(bench), one).await;
    }
    messages.len()
}

fn tasks(bench: &Bench) -> Vec<Delivered> {
    let bodies = bench.ports.tasks.take();
    bodies
        .into_iter()
        .map(|body| delivered(Some(body), 1))
        .collect()
}

/// Runs what waits in the queue of bulk jobs, each answered; answers how many messages it was.
async fn run_bulk(bench: &Bench) -> usize {
    let bodies = bench.ports.bulk_jobs.take();
    for body in &bodies {
        let provider = ScriptedTransport::new([answer("yes")]);
        let message = delivered(Some(body.clone()), 1);
        let (ports, settings) = (&bench.ports, &bench.settings);
        let circuits = &bench.circuits;
        run_delivery(ports, &provider, settings, circuits, Lane::Bulk, &[message]).await;
    }
    bodies.len()
}

/// Steps and runs until the batch has ended, or for a hundred steps.
pub(crate) async fn run_to_the_end(bench: &Bench, id: &BatchId) -> BatchRecord {
    let mut record = read(bench, id).await;
    for _ in 0..100 {
        if record.status.is_terminal() {
            break;
        }
        step(bench).await;
        run_bulk(bench).await;
        record = read(bench, id).await;
    }
    assert!(record.status.is_terminal(), "{record:?}");
    record
}

async fn results(bench: &Bench, id: &BatchId, after: After) -> Vec<(u32, JobState)> {
    let record = read(bench, id).await;
    let mut results = Results::new(bench.tenant.clone(), record, after, u32::MAX);
    let mut found = Vec::new();
    loop {
        let page = results.next(&bench.ports).await.expect("readable");
        if page.is_empty() {
            return found;
        }
        found.extend(
            page.iter()
                .map(|one| (one.job.line.expect("a line"), one.job.status)),
        );
        results.took(1);
    }
}

#[tokio::test]
async fn every_line_becomes_one_job_and_the_batch_ends_with_the_last() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(7), false).await.expect("taken");
    assert_eq!((taken.lines, taken.invalid_lines), (7, 0));
    let record = run_to_the_end(&bench, &taken.id).await;
    assert_eq!(record.status, BatchStatus::Completed);
    assert_eq!((record.counts.succeeded, record.counts.ended()), (7, 7));
    assert_eq!(bench.rows("jobs"), 7);
    let by_line = results(&bench, &taken.id, After::Line(None)).await;
    let expected: Vec<_> = (1..=7).map(|line| (line, JobState::Succeeded)).collect();
    assert_eq!(by_line, expected);
    let job = bench.read(&taken.id.job(3)).await;
    assert_eq!(job.custom_id.as_deref(), Some("c4"));
    assert_eq!((job.batch_id, job.line), (Some(taken.id), Some(4)));
}

#[tokio::test]
async fn no_fault_of_a_step_loses_or_doubles_a_line() {
    for call in 0..6 {
        for fault in [Fault::Before(transient()), Fault::After(transient())] {
            for times in [1, 3, 4] {
                let bench = Bench::new();
                let taken = take(&bench, &upload(5), false).await.expect("taken");
                let faults = std::iter::repeat_n(Fault::None, call);
                bench.fail_next(faults.chain(std::iter::repeat_n(fault.clone(), times)));
                bench.ports.clock.advance_millis(1_000);
                let message = tasks(&bench);
                let answered = task::receive(&bench.ports, configuration(&bench), &message).await;
                bench.ports.store.database().recover();
                if matches!(answered.as_slice(), [Disposition::Retry { .. }]) {
                    // The queue delivers the message again.
                    let body = message[0].body.clone();
                    let again = [delivered(body, 2)];
                    bench.ports.clock.advance_millis(10_000);
                    task::receive(&bench.ports, configuration(&bench), &again).await;
                }
                // Whatever got lost, the sweep sends again.
                bench.ports.clock.advance_millis(120_000);
                sweep(&bench.ports, 60).await.expect("sweeps");
                let record = run_to_the_end(&bench, &taken.id).await;
                assert_eq!(record.counts.succeeded, 5, "{call} {fault:?} {times}");
                assert_eq!(bench.rows("jobs"), 5);
                assert_eq!(bench.rows("batch_completions"), 5);
            }
        }
    }
}

#[tokio::test]
async fn of_two_steps_at_once_one_takes_effect() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(5), false).await.expect("taken");
    bench.ports.clock.advance_millis(1_000);
    let message = tasks(&bench);
    let configuration = configuration(&bench);
    let (one, two) = tokio::join!(
        task::receive(&bench.ports, configuration, &message),
        task::receive(&bench.ports, configuration, &message),
    );
    assert_eq!((one, two), (vec![ACK], vec![ACK]));
    assert_eq!(bench.rows("jobs"), 5);
    let record = run_to_the_end(&bench, &taken.id).await;
    assert_eq!(record.counts.succeeded, 5);
}

#[tokio::test]
async fn what_got_lost_is_sent_again_by_the_sweep_each_by_its_own_queue() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(3), false).await.expect("taken");
    assert_eq!(bench.ports.tasks.take().len(), 1);
    bench.ports.clock.advance_millis(61_000);
    sweep(&bench.ports, 60).await.expect("sweeps");
    assert_eq!(step(&bench).await, 1, "the step");
    assert_eq!(bench.ports.bulk_jobs.take().len(), 3);
    bench.ports.clock.advance_millis(61_000);
    sweep(&bench.ports, 60).await.expect("sweeps");
    assert_eq!(bench.ports.jobs.take().len(), 0);
    assert_eq!(run_bulk(&bench).await, 3, "the jobs");
    assert_eq!(run_to_the_end(&bench, &taken.id).await.counts.succeeded, 3);
}

#[tokio::test]
async fn lines_become_jobs_at_the_pace_at_which_jobs_end() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(1_500), false).await.expect("taken");
    step(&bench).await;
    assert_eq!(bench.rows("jobs"), 1_000);
    step(&bench).await;
    assert_eq!(bench.rows("jobs"), 1_000, "none has ended");
    let waiting = bench.ports.bulk_jobs.take();
    for body in waiting.iter().take(10) {
        let job = JobMessage::decode(body).expect("ours").job_id;
        let provider = ScriptedTransport::new([answer("yes")]);
        bench.deliver(&provider, &[bench.message(&job)]).await;
    }
    bench.ports.clock.advance_millis(5_000);
    step(&bench).await;
    assert_eq!(bench.rows("jobs"), 1_010);
    let record = read(&bench, &taken.id).await;
    assert_eq!((record.counts.queued, record.counts.succeeded), (1_000, 10));
}

#[tokio::test]
async fn a_cancelled_batch_makes_no_more_jobs_and_pays_for_those_that_run() {
    let bench = Bench::new();
    let taken = take(&bench, &upload(1_200), false).await.expect("taken");
    step(&bench).await;
    let running = taken.id.job(0);
    bench.execute(&format!(
        "UPDATE jobs SET state = 'running', attempt = 1, due_at_ms = due_at_ms + 180000 WHERE id = '{running}'"
    ));
    let cancelled = batch::cancel(&bench.ports, &bench.tenant, &taken.id, Actor::Operator).await;
    assert!(matches!(cancelled, Ok(CancelledBatch::Done(_))));
    for _ in 0..4 {
        step(&bench).await;
    }
    let record = read(&bench, &taken.id).await;
    assert_eq!(record.status, BatchStatus::Cancelling, "one runs");
    assert_eq!((record.counts.running, record.counts.cancelled), (1, 999));
    bench.execute(&format!(
        "UPDATE jobs SET state = 'succeeded', due_at_ms = NULL, completed_at_ms = 1, expires_at_ms = 1 WHERE id = '{running}'"
    ));
    let record = run_to_the_end(&bench, &taken.id).await;
    assert_eq!(record.status, BatchStatus::Cancelled);
    assert_eq!(bench.rows("jobs"), 1_000);
    // Those that were cancelled, and those that never became jobs, can be submitted again.
    let again = errors(&bench, &taken.id).await;
    assert_eq!(again.lines().count(), 1_199);
    assert_eq!(
        take(&bench, &again, false).await.expect("taken").lines,
        1_199
    );
    assert_eq!(bench.rows("audit_log WHERE action = 'batch.cancel'"), 1);
    let twice = batch::cancel(&bench.ports, &bench.tenant, &taken.id, Actor::Operator).await;
    assert!(matches!(twice, Ok(CancelledBatch::Done(_))));
}

async fn errors(bench: &Bench, id: &BatchId) -> String {
    let mut lines = Unsuccessful::new(bench.tenant.clone(), read(bench, id).await);
    let mut text = String::new();
    loop {
        let more = lines.next(&bench.ports).await.expect("readable");
        if more.is_empty() {
            return text;
        }
        text.push_str(&more);
    }
}
