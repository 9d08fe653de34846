//! What holds when the database, the cache or a queue does not.

use crate::bench::{ACK, Bench, START, answer, delivered, status, transient};
use redrive_shared::clock::Clock;
use redrive_shared::database::{Database, DatabaseError};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::JobState;
use redrive_shared::message::JobMessage;
use redrive_shared::native::{Fault, ScriptedTransport};
use redrive_shared::run::{Delivered, Disposition};
use redrive_shared::sweep::sweep;

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_asked_for_again_and_runs_once() {
    for fault in [Fault::Before(transient()), Fault::After(transient())] {
        let bench = Bench::new();
        let job = bench.submit().await;
        bench.fail_next([fault.clone(), fault]);
        let provider = ScriptedTransport::new([answer("x")]);
        assert_eq!(
            bench.deliver(&provider, &[bench.message(&job)]).await,
            [ACK]
        );
        let record = bench.read(&job).await;
        assert_eq!((record.attempt, record.rescues), (1, 0));
        assert_eq!(record.state, JobState::Succeeded);
    }
}

#[tokio::test]
async fn a_claim_that_fails_asks_for_redelivery_and_calls_nobody() {
    for fault in [Fault::Before(transient()), Fault::After(transient())] {
        let bench = Bench::new();
        let job = bench.submit().await;
        bench.fail_next([fault.clone(), fault.clone(), fault]);
        let provider = ScriptedTransport::new([answer("x")]);
        let dispositions = bench.deliver(&provider, &[bench.message(&job)]).await;
        assert_eq!(dispositions, [Disposition::Retry { delay_seconds: 5 }]);
        assert!(provider.requests().is_empty());
    }
}

#[tokio::test]
async fn f23_an_overloaded_database_is_left_alone_for_longer_each_time() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let nobody = ScriptedTransport::new([]);
    for (deliveries, delay_seconds) in [(1, 30), (2, 60), (3, 120), (9, 300)] {
        bench.fail_next([Fault::Before(DatabaseError::Overloaded("busy".to_owned()))]);
        let message = Delivered {
            deliveries,
            ..bench.message(&job)
        };
        let before = bench.ports.store.database().batches();
        let dispositions = bench.deliver(&nobody, &[message]).await;
        assert_eq!(dispositions, [Disposition::Retry { delay_seconds }]);
        assert_eq!(bench.ports.store.database().batches() - before, 1);
    }
}

#[tokio::test]
async fn a_commit_that_fails_for_a_minute_is_tried_again_in_place() {
    for fault in [Fault::Before(transient()), Fault::After(transient())] {
        let bench = Bench::new();
        let job = bench.submit().await;
        bench.fail_next([Fault::None]);
        bench.fail_next(std::iter::repeat_n(fault, 30));
        let provider = ScriptedTransport::new([answer("once")]);
        assert_eq!(
            bench.deliver(&provider, &[bench.message(&job)]).await,
            [ACK]
        );
        assert_eq!(bench.read(&job).await.state, JobState::Succeeded);
        assert_eq!(bench.rows("task_results"), 1);
        assert_eq!(provider.requests().len(), 1);
        assert_eq!(
            bench.ports.cache.entries().len(),
            1,
            "the document is cached"
        );
        assert_eq!(bench.events("fenced"), 0, "it was our own commit");
        let waited = bench.ports.clock.now().millis_since(START);
        assert!((40_000..120_000).contains(&waited), "{waited}");
    }
}

#[tokio::test]
async fn a_scheduled_retry_whose_answer_was_lost_still_comes_in_time() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench.fail_next([Fault::None, Fault::After(transient())]);
    let provider = ScriptedTransport::new([status(500)]);
    let dispositions = bench.deliver(&provider, &[bench.message(&job)]).await;
    assert!(
        matches!(
            dispositions[..],
            [Disposition::Retry {
                delay_seconds: 1..=2
            }]
        ),
        "{dispositions:?}"
    );
    assert_eq!(bench.read(&job).await.state, JobState::RetryScheduled);
}

#[tokio::test]
async fn without_a_commit_nothing_is_acknowledged_and_the_sweep_runs_the_job_again() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench.fail_next([Fault::None]);
    bench.fail_next((0..200).map(|_| Fault::Before(transient())));
    let provider = ScriptedTransport::new([answer("lost")]);
    let dispositions = bench.deliver(&provider, &[bench.message(&job)]).await;
    let [Disposition::Retry { delay_seconds }] = dispositions[..] else {
        panic!("{dispositions:?}");
    };
    assert!(delay_seconds <= 2, "the lease is nearly over");
    bench.ports.store.database().recover();
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
async fn a_job_that_cannot_be_read_stops_neither_its_neighbours_nor_the_sweep() {
    let bench = Bench::new();
    let (strange, good) = (bench.submit().await, bench.submit().await);
    bench.execute(&format!(
        "UPDATE jobs SET attempts = '[{{\"outcome\":\"of a later version\"}}]' WHERE id = '{strange}'"
    ));
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
    bench.execute(&format!(
        "CREATE TRIGGER refuse BEFORE INSERT ON task_results WHEN NEW.job_id = '{refused}' \
         BEGIN SELECT RAISE(ABORT, 'too big'); END"
    ));
    let provider = ScriptedTransport::new([answer("x"), answer("y")]);
    let messages = [bench.message(&refused), bench.message(&good)];
    let dispositions = bench.deliver(&provider, &messages).await;
    assert_eq!(
        dispositions,
        [Disposition::Retry { delay_seconds: 180 }, ACK]
    );
    assert_eq!(bench.read(&good).await.state, JobState::Succeeded);
    assert_eq!(bench.read(&refused).await.state, JobState::Running);
}

#[tokio::test]
async fn a_request_of_a_later_version_is_kept_for_replay() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench.execute("UPDATE jobs SET request = '{}'");
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
