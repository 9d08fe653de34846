//! What the status cache may hold: the last word on a job, and never before the database has it.

use crate::bench::{ACK, Bench, answer, status, transient};
use redrive_shared::audit::Actor;
use redrive_shared::cancel::cancel;
use redrive_shared::document::JobDocument;
use redrive_shared::ids::JobId;
use redrive_shared::job::JobState;
use redrive_shared::native::{Fault, Scripted, ScriptedTransport};
use redrive_shared::run::Disposition;
use redrive_shared::status::find;
use redrive_shared::status_cache::key;
use std::time::Duration;

/// Submits a job and delivers its message once.
async fn run(bench: &Bench, reply: Scripted) -> (JobId, Disposition) {
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([reply]);
    let dispositions = bench.deliver(&provider, &[bench.message(&job)]).await;
    let [disposition] = dispositions[..] else {
        unreachable!("one message has one disposition");
    };
    (job, disposition)
}

/// Holds the cache against the database: there is an entry for each of these jobs and for no other,
/// it is of a state that never changes, and it is what the database says.
async fn check_cache(bench: &Bench, jobs: &[&JobId]) {
    let entries = bench.ports.cache.entries();
    let mut expected: Vec<String> = jobs.iter().map(|job| key(&bench.tenant, job)).collect();
    expected.sort();
    assert!(entries.keys().eq(expected.iter()), "{:?}", entries.keys());
    for job in jobs {
        let record = bench.read(job).await;
        assert!(record.state.is_immutable(), "{:?}", record.state);
        let document = serde_json::to_string(&JobDocument::from(record)).expect("serializes");
        assert_eq!(entries.get(&key(&bench.tenant, job)), Some(&document));
    }
}

#[tokio::test]
async fn f24_cache_holds_what_never_changes_and_only_once_the_database_has_it() {
    let bench = Bench::new();
    // The answer is there, and no commit takes effect.
    bench.fail_next([Fault::None, Fault::None]);
    bench.fail_next(std::iter::repeat_n(Fault::Before(transient()), 200));
    let (uncommitted, disposition) = run(&bench, answer("x")).await;
    assert!(matches!(disposition, Disposition::Retry { .. }));
    bench.ports.store.database().recover();
    assert_eq!(bench.read(&uncommitted).await.state, JobState::Running);
    check_cache(&bench, &[]).await;

    let (succeeded, _) = run(&bench, answer("x")).await;
    check_cache(&bench, &[&succeeded]).await;
    let (failed, _) = run(&bench, status(400)).await;
    check_cache(&bench, &[&succeeded, &failed]).await;
    let (waiting, _) = run(&bench, status(500)).await;
    assert_eq!(bench.read(&waiting).await.state, JobState::RetryScheduled);
    check_cache(&bench, &[&succeeded, &failed]).await;
    let (dead, disposition) = run(&bench, status(401)).await;
    assert_eq!(disposition, ACK);
    assert_eq!(bench.read(&dead).await.state, JobState::DeadLettered);
    check_cache(&bench, &[&succeeded, &failed]).await;

    cancel(&bench.ports, &bench.tenant, &waiting, Actor::Operator)
        .await
        .expect("cancels");
    check_cache(&bench, &[&succeeded, &failed, &waiting]).await;
    // Its call may still be answered, and that is to be told.
    cancel(&bench.ports, &bench.tenant, &uncommitted, Actor::Operator)
        .await
        .expect("cancels");
    assert_eq!(bench.read(&uncommitted).await.state, JobState::Cancelled);
    check_cache(&bench, &[&succeeded, &failed, &waiting]).await;
}

#[tokio::test]
async fn f24_cache_that_says_a_job_is_not_there_is_not_believed() {
    let bench = Bench::new();
    bench.ports.cache.set_broken(true);
    let (job, _) = run(&bench, answer("x")).await;
    bench.ports.cache.set_broken(false);
    assert!(bench.ports.cache.entries().is_empty());
    let found = find(&bench.ports, &bench.tenant, &job, Duration::ZERO)
        .await
        .expect("the database answers")
        .expect("the job is there");
    assert_eq!(found.poll_after_seconds, None);
    assert!(found.text.contains("\"succeeded\""), "{}", found.text);
}
