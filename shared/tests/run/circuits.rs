//! What happens while a provider refuses or fails: who still calls, and what it costs the jobs.

mod isolates;
mod line;

use crate::bench::{Bench, START, status};
use line::{CALL_MS, Line, Provider, reply};
use redrive_shared::circuit::CircuitMemory;
use redrive_shared::clock::{Clock, Instant};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::job::{AttemptOutcome, JobState, Kind};
use redrive_shared::native::ScriptedTransport;
use redrive_shared::provider::TransportError;
use redrive_shared::queue::Lane;
use redrive_shared::run::{Disposition, run_delivery};
use redrive_shared::store::NewJob;
use std::collections::BTreeMap;

impl Bench {
    /// A job that asks for `model` and has a day.
    async fn submit_for(&self, model: &str) -> JobId {
        let now = self.ports.clock.now();
        let job = NewJob {
            tenant_id: self.tenant.clone(),
            id: JobId::new(now, &self.ports.entropy),
            kind: Kind::Generate,
            max_attempts: 5,
            created_at: now,
            deadline_seconds: 86_400,
            model: Some(model.to_owned()),
            ref_type: None,
            ref_id: None,
            metadata: BTreeMap::new(),
            request: format!(
                r#"{{"messages":[{{"role":"user","content":"hello"}}],"model":"{model}"}}"#
            ),
        };
        self.ports.store.insert_job(&job).await.expect("stored");
        job.id
    }

    async fn line(&self, model: &str, jobs: usize) -> (Line, Vec<JobId>) {
        let mut line = Line::default();
        let mut ids = Vec::with_capacity(jobs);
        for _ in 0..jobs {
            let job = self.submit_for(model).await;
            line.send(self.ports.clock.now(), job.clone());
            ids.push(job);
        }
        (line, ids)
    }

    fn advance_seconds(&self, seconds: i64) {
        self.ports.clock.advance_millis(seconds * 1_000);
    }
}

fn seconds_since_start(instant: Instant) -> i64 {
    instant.millis_since(START) / 1_000
}

#[tokio::test]
async fn f11_a_storm_of_429_ends_no_job_and_drains_within_twice_the_ideal_time() {
    const JOBS: i64 = 1_000;
    const STORM: i64 = 60;
    const HINT: i64 = 5;
    let bench = Bench::new();
    let provider = Provider::new(&bench, |asked| {
        Ok(if asked.at < START.plus_seconds(STORM) {
            reply(429, "rate_limit_exceeded", Some(5))
        } else {
            reply(200, "", None)
        })
    });
    let jobs = usize::try_from(JOBS).expect("small");
    let (mut line, jobs) = bench.line("sim-storm", jobs).await;
    line.work(&bench, &provider, START.plus_seconds(STORM))
        .await;
    let mut returns = 0;
    for job in &jobs {
        let record = bench.read(job).await;
        assert_eq!(record.state, JobState::RetryScheduled);
        assert_eq!(record.failures, 0);
        assert_eq!(record.error_code, Some(ErrorCode::ProviderRateLimited));
        returns += i64::from(record.deferrals);
    }
    assert!(returns <= 120 * STORM, "{} a second", returns / STORM);
    let during = provider.asked().len();
    assert!(
        during <= 5 + usize::try_from(STORM / HINT).expect("small"),
        "{during} calls in the storm"
    );

    let drained = line.drain(&bench, &provider).await;
    for job in &jobs {
        let record = bench.read(job).await;
        assert_eq!((record.state, record.failures), (JobState::Succeeded, 0));
    }
    let replied = provider.replied();
    for asked in provider.asked() {
        // The replies that were there when the call began; the last one is the latest.
        let Some(latest) = asked
            .replies_before
            .checked_sub(1)
            .map(|last| replied[last])
        else {
            continue;
        };
        if latest < START.plus_seconds(STORM) {
            let waited = asked.at.millis_since(latest);
            assert!(waited >= HINT * 1_000, "{waited} ms after a hint of 5 s");
        }
    }
    // The latest hint has to end first; then as fast as the consumer can.
    let ideal = HINT * 1_000 + JOBS / 10 * (20 + 2 * CALL_MS);
    let took = drained.millis_since(START.plus_seconds(STORM));
    assert!(took <= 2 * ideal, "{took} ms, and {ideal} ms are ideal");
    assert_eq!(bench.rows("provider_circuits"), 0);
}

#[tokio::test]
async fn f12_a_billing_failure_stops_calls_with_that_key_and_model_and_no_others() {
    let bench = Bench::new();
    let provider = Provider::new(&bench, |asked| {
        Ok(match asked.model.as_str() {
            "sim-quota" => reply(429, "insufficient_quota", None),
            _ => reply(200, "", None),
        })
    });
    let (mut line, _) = bench.line("sim-quota", 100).await;
    let mut well = Vec::new();
    for _ in 0..20 {
        let job = bench.submit_for("sim-ok").await;
        line.send(START, job.clone());
        well.push(job);
    }
    line.work(&bench, &provider, START.plus_seconds(900)).await;
    for job in &well {
        assert_eq!(bench.read(job).await.state, JobState::Succeeded);
    }
    let calls = |model: &str| {
        let asked = provider.asked();
        asked.iter().filter(|asked| asked.model == model).count()
    };
    assert!(calls("sim-quota") <= 6, "{}", calls("sim-quota"));
    assert_eq!(calls("sim-ok"), 20);
    // Who was refused is an operator's affair; the others wait, at no cost.
    line.work(&bench, &provider, START.plus_seconds(7_200))
        .await;
    assert!(calls("sim-quota") <= 5 + 8, "{}", calls("sim-quota"));
    let circuits = bench.ports.store.circuits().await.expect("read");
    assert_eq!(circuits.len(), 1);
    assert_eq!(circuits[0].code, ErrorCode::ProviderBilling);
    assert_eq!(circuits[0].key.model, "sim-quota");
    assert_eq!(circuits[0].opened_at, START);
}

#[tokio::test]
async fn f37_a_dead_provider_is_probed_at_most_once_in_15_seconds_and_closes_within_two_probes() {
    const DEAD: i64 = 300;
    let bench = Bench::new();
    let provider = Provider::new(&bench, |asked| {
        if asked.at < START.plus_seconds(DEAD) {
            Err(TransportError::Unreachable)
        } else {
            Ok(reply(200, "", None))
        }
    });
    let (mut line, jobs) = bench.line("sim-dead", 60).await;
    line.work(&bench, &provider, START.plus_seconds(DEAD)).await;
    let calls: Vec<i64> = provider
        .asked()
        .iter()
        .map(|asked| seconds_since_start(asked.at))
        .collect();
    let (first, probes) = calls.split_at(5);
    assert_eq!(first, [0; 5], "those under way when it was found dead");
    assert!(probes.len() >= 10, "{probes:?}");
    for (before, after) in std::iter::once(&0).chain(probes).zip(probes) {
        assert!(after - before >= 15, "{probes:?}");
    }
    let before = bench.events("circuit_probe");
    let ended = line.drain(&bench, &provider).await;
    assert!(bench.events("circuit_probe") - before <= 2);
    assert_eq!(bench.events("circuit_closed"), 1);
    for job in &jobs {
        assert_eq!(bench.read(job).await.state, JobState::Succeeded);
    }
    // The opening under way, and a sixth of the outage.
    let took = seconds_since_start(ended) - DEAD;
    assert!(took <= 15 + DEAD / 6 + 5, "{took} s");
}

#[tokio::test]
async fn a_job_that_meets_an_open_circuit_waits_without_blame_and_says_why() {
    let bench = Bench::new();
    let (refused, waiting) = (bench.submit().await, bench.submit().await);
    let provider = ScriptedTransport::new([status(401)]);
    bench.deliver(&provider, &[bench.message(&refused)]).await;
    bench.advance_seconds(1);
    let dispositions = bench.deliver(&provider, &[bench.message(&waiting)]).await;
    assert_eq!(provider.requests().len(), 1, "only the first was asked for");
    assert_eq!(bench.read(&refused).await.state, JobState::DeadLettered);
    let record = bench.read(&waiting).await;
    assert_eq!(record.state, JobState::RetryScheduled);
    assert_eq!((record.failures, record.deferrals), (0, 1));
    let waits = record.due_at.expect("due").millis_since(START);
    assert!((300_000..=310_000).contains(&waits), "{waits}");
    assert!(matches!(
        dispositions[..],
        [Disposition::Retry {
            delay_seconds: 299..=309
        }]
    ));
    assert_eq!(record.error_code, Some(ErrorCode::ProviderAuth));
    let error = record.error.expect("told");
    assert!(error.retryable);
    for part in [START, START.plus_seconds(300)] {
        assert!(
            error.message.contains(&part.to_rfc3339()),
            "{}",
            error.message
        );
    }
    let attempt = &record.attempts[0];
    assert_eq!(attempt.outcome, AttemptOutcome::Deferred);
    assert_eq!(attempt.code, Some(ErrorCode::ProviderAuth));
    assert_eq!((attempt.row, attempt.provider_status), (None, None));
    assert!(!attempt.possibly_billed);
    let log = bench.ports.log.lines().join("\n");
    assert!(
        log.contains("circuit_opened") && !log.contains("canary"),
        "{log}"
    );
}

#[tokio::test]
async fn a_refused_key_stops_the_rest_of_its_delivery() {
    let bench = Bench::new();
    let provider = Provider::new(&bench, |_| Ok(reply(401, "invalid_api_key", None)));
    let (mut line, _) = bench.line("sim-401", 10).await;
    line.work(&bench, &provider, START.plus_seconds(1)).await;
    assert_eq!(
        provider.asked().len(),
        5,
        "those that were under way together"
    );
    assert_eq!(bench.rows("provider_circuits"), 1);
}

#[tokio::test]
async fn a_job_whose_deadline_comes_before_the_circuit_may_close_is_dead_lettered_with_the_cause() {
    let bench = Bench::new();
    // Both have an hour; the circuit is open for five minutes.
    let (early, late) = (bench.submit().await, bench.submit().await);
    for (passed, job, state) in [
        (3_200, &early, JobState::RetryScheduled),
        (110, &late, JobState::DeadLettered),
    ] {
        bench.advance_seconds(passed);
        let provider = ScriptedTransport::new([status(401)]);
        let circuits = CircuitMemory::new();
        bench.execute("DELETE FROM provider_circuits");
        for job in [bench.submit().await, job.clone()] {
            let message = [bench.message(&job)];
            run_delivery(
                &bench.ports,
                &provider,
                &bench.settings,
                &circuits,
                Lane::Single,
                &message,
            )
            .await;
        }
        let record = bench.read(job).await;
        assert_eq!((record.state, record.failures), (state, 0));
        assert!(
            record
                .due_at
                .is_none_or(|due_at| due_at < record.deadline_at)
        );
    }
    let record = bench.read(&late).await;
    assert_eq!(record.error_code, Some(ErrorCode::DeadlineExceeded));
    let error = record.error.expect("told");
    assert_eq!(error.cause, Some(ErrorCode::ProviderAuth));
    assert!(error.message.contains("circuit"), "{}", error.message);
}

#[tokio::test]
async fn a_hint_of_a_second_for_hours_is_not_a_call_a_second() {
    let bench = Bench::new();
    let provider = Provider::new(&bench, |_| Ok(reply(429, "x", Some(1))));
    let (mut line, jobs) = bench.line("sim-throttled", 1).await;
    line.work(&bench, &provider, START.plus_seconds(4 * 3_600))
        .await;
    let calls = provider.asked().len();
    // At least 150 s from one to the next, once the schedule has reached its cap.
    assert!((40..=110).contains(&calls), "{calls} calls in four hours");
    assert_eq!(bench.read(&jobs[0]).await.failures, 0);
}

#[tokio::test]
async fn a_hint_that_ends_before_the_deadline_is_waited_for() {
    for (hint, state) in [
        (99, JobState::RetryScheduled),
        (101, JobState::DeadLettered),
    ] {
        let bench = Bench::new();
        let job = bench.submit().await;
        bench.advance_seconds(3_500);
        let provider = Provider::new(&bench, move |_| Ok(reply(429, "x", Some(hint))));
        let message = [bench.message(&job)];
        let (ports, settings) = (&bench.ports, &bench.settings);
        run_delivery(
            ports,
            &provider,
            settings,
            &bench.circuits,
            Lane::Single,
            &message,
        )
        .await;
        let record = bench.read(&job).await;
        assert_eq!(record.state, state, "{hint}");
        if let Some(due_at) = record.due_at {
            assert!((START.plus_seconds(3_599)..record.deadline_at).contains(&due_at));
        }
    }
}
