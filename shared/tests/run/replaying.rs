//! A dead letter's second run.

use crate::bench::{ACK, Bench, answer, delivered, status};
use redrive_shared::clock::Clock;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::{JobId, KeyId, ReplayId};
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

#[tokio::test]
async fn what_became_of_a_replay_is_read_alike_however_many_letters_it_put_back() {
    let mut cost = Vec::new();
    for letters in [10, 10_000] {
        let bench = Bench::new();
        let replay = ReplayId::new(bench.ports.clock.now(), &bench.ports.entropy);
        let tenant = &bench.tenant;
        bench.execute(&format!(
            "INSERT INTO replays (
               tenant_id, id, status, actor, selection, overrides, max_per_second, matched, replayed, skipped, queued,
               running, retry_scheduled, succeeded, failed, dead_lettered, cancelled, created_at_ms, paced_at_ms,
               paced_replayed, due_at_ms, step)
             VALUES ('{tenant}', '{replay}', 'running', 'operator', '{{}}', '{{}}', 10, {letters}, {letters}, 0, 0,
               0, 0, {letters}, 0, 0, 0, 1, 1, 0, 1, 0);
             WITH RECURSIVE letter (place) AS (
               SELECT 1 UNION ALL SELECT place + 1 FROM letter WHERE place < {letters})
             INSERT INTO replay_items (tenant_id, replay_id, job_id, state)
             SELECT '{tenant}', '{replay}', 'job_' || place, 'succeeded' FROM letter"
        ));
        let store = &bench.ports.store;
        let before = store.database().inner().steps();
        let rows = store
            .list_replays(tenant, None, 10)
            .await
            .expect("readable");
        let outcomes = store.replay_outcomes(&rows).await.expect("readable");
        let (outcomes, _) = outcomes.first().expect("one each");
        assert_eq!(outcomes.in_state(JobState::Succeeded), letters);
        cost.push(store.database().inner().steps() - before);
    }
    assert_eq!(cost[0], cost[1]);
}
