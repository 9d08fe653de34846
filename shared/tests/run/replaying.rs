//! A dead letter's second run.

use crate::bench::{ACK, Bench, answer, delivered, status};
use redrive_shared::clock::Clock;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::{JobId, KeyId};
use redrive_shared::job::{JobRecord, JobState};
use redrive_shared::native::ScriptedTransport;
use redrive_shared::replay::{Overrides, ReplayRequest, Replayed, replay};
use redrive_shared::request::{Known, Whom};

async fn put_back(bench: &Bench, job: &JobId, overrides: Overrides) {
    let actor = KeyId::new(bench.ports.clock.now(), &bench.ports.entropy);
    let request = ReplayRequest {
        overrides,
        note: None,
    };
    let known = Known {
        configuration: bench.settings.providers.configuration(),
        default_providers: &[],
    };
    let replayed = replay(
        &bench.ports,
        &known,
        &bench.tenant,
        job,
        &actor,
        request,
        None,
    )
    .await;
    assert_eq!(replayed, Ok(Replayed::Done));
}

/// Delivers what the queue holds.
async fn deliver_all(bench: &Bench, provider: &ScriptedTransport) {
    let messages: Vec<_> = bench
        .ports
        .jobs
        .take()
        .into_iter()
        .map(|body| delivered(Some(body), 1))
        .collect();
    assert_eq!(bench.deliver(provider, &messages).await, [ACK]);
}

fn numbers(record: &JobRecord) -> Vec<u32> {
    record.attempts.iter().map(|entry| entry.attempt).collect()
}

#[tokio::test]
async fn a_replayed_job_runs_with_what_was_overridden_and_counts_on() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new([status(404), answer("four")]);
    bench.deliver(&provider, &[bench.message(&job)]).await;
    let dead = bench.read(&job).await;
    assert_eq!((dead.state, dead.attempt), (JobState::DeadLettered, 1));
    let overrides = Overrides {
        whom: Whom {
            model: Some("sim-other".to_owned()),
            ..Whom::default()
        },
        ..Overrides::default()
    };
    put_back(&bench, &job, overrides).await;
    let waiting = bench.read(&job).await;
    assert_eq!(waiting.state, JobState::Queued);
    assert_eq!(
        waiting.error_code, dead.error_code,
        "until it is known better"
    );
    deliver_all(&bench, &provider).await;
    let ended = bench.read(&job).await;
    assert_eq!(ended.state, JobState::Succeeded);
    assert_eq!(numbers(&ended), [1, 2]);
    assert_eq!((ended.error_code, ended.error), (None, None));
    assert_eq!(ended.replays.len(), 1);
    let asked: Vec<bool> = provider
        .requests()
        .iter()
        .map(|request| request.body.contains(r#""model":"sim-other""#))
        .collect();
    assert_eq!(asked, [false, true]);
}

#[tokio::test]
async fn a_job_that_died_of_its_deadline_gets_a_new_one() {
    let bench = Bench::new();
    let job = bench.submit().await;
    bench.ports.clock.advance_millis(3_600_000);
    let provider = ScriptedTransport::new([answer("four")]);
    bench.deliver(&provider, &[bench.message(&job)]).await;
    let dead = bench.read(&job).await;
    assert_eq!(dead.error_code, Some(ErrorCode::DeadlineExceeded));
    bench.ports.clock.advance_millis(86_400_000);
    put_back(&bench, &job, Overrides::default()).await;
    deliver_all(&bench, &provider).await;
    let ended = bench.read(&job).await;
    assert_eq!(
        (ended.state, numbers(&ended)),
        (JobState::Succeeded, vec![1])
    );
}

#[tokio::test]
async fn a_replayed_job_that_fails_again_has_its_whole_budget() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let provider = ScriptedTransport::new((0..6).map(|_| status(500)));
    for round in 1..=2 {
        for failures in 1..=3 {
            bench.deliver(&provider, &[bench.message(&job)]).await;
            let record = bench.read(&job).await;
            assert_eq!(record.failures, failures, "of round {round}");
            bench.ports.clock.advance_millis(600_000);
        }
        let dead = bench.read(&job).await;
        assert_eq!(dead.state, JobState::DeadLettered);
        assert_eq!(dead.error_code, Some(ErrorCode::AttemptsExhausted));
        assert_eq!(dead.attempt, 3 * round);
        if round == 1 {
            put_back(&bench, &job, Overrides::default()).await;
        }
    }
    assert_eq!(numbers(&bench.read(&job).await), [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn what_was_before_a_replay_counts_for_nothing_in_its_budget() {
    let bench = Bench::new();
    let job = bench.submit().await;
    // A reply that nobody can use is asked for again once, and the second one in a row is the end.
    let unusable = || Ok((200, "{}".to_owned()));
    let provider = ScriptedTransport::new([unusable(), unusable(), unusable(), answer("four")]);
    for _ in 0..2 {
        bench.deliver(&provider, &[bench.message(&job)]).await;
        bench.ports.clock.advance_millis(10_000);
    }
    let dead = bench.read(&job).await;
    assert_eq!(dead.error_code, Some(ErrorCode::ProviderBadResponse));
    assert_eq!(dead.state, JobState::DeadLettered);
    put_back(&bench, &job, Overrides::default()).await;
    bench.deliver(&provider, &[bench.message(&job)]).await;
    assert_eq!(bench.read(&job).await.state, JobState::RetryScheduled);
    bench.ports.clock.advance_millis(10_000);
    bench.deliver(&provider, &[bench.message(&job)]).await;
    assert_eq!(bench.read(&job).await.state, JobState::Succeeded);
}
