//! What isolates know of each other's circuits, and what they do when the database fails.

use super::line::{Provider, reply};
use crate::bench::{ACK, Bench, START, answer, status, transient};
use redrive_shared::circuit::{CircuitMemory, CircuitState};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::job::JobState;
use redrive_shared::native::{Fault, ScriptedTransport};
use redrive_shared::provider::{ProviderReply, ProviderRequest, Transport, TransportError};
use redrive_shared::queue::Lane;
use redrive_shared::run::{Disposition, run_delivery};
use std::time::Duration;

#[tokio::test]
async fn what_one_isolate_finds_another_knows_with_its_next_claim() {
    let bench = Bench::new();
    let other = CircuitMemory::new();
    let provider = ScriptedTransport::new([answer("x"), status(401), answer("y"), answer("z")]);
    let there = async |job: &JobId| {
        let message = [bench.message(job)];
        run_delivery(
            &bench.ports,
            &provider,
            &bench.settings,
            &other,
            Lane::Single,
            &message,
        )
        .await
    };
    // The other isolate has seen an answer, so it takes the circuit for closed.
    assert_eq!(there(&bench.submit().await).await, [ACK]);
    let refused = bench.submit().await;
    bench.deliver(&provider, &[bench.message(&refused)]).await;
    let waiting = bench.submit().await;
    assert_ne!(there(&waiting).await, [ACK]);
    assert_eq!(provider.requests().len(), 2);
    // It probes and closes, and the first isolate learns that as well.
    bench.advance_seconds(311);
    assert_eq!(there(&waiting).await, [ACK]);
    assert_eq!(bench.rows("provider_circuits"), 0);
    let job = bench.submit().await;
    assert_eq!(
        bench.deliver(&provider, &[bench.message(&job)]).await,
        [ACK]
    );
    assert_eq!(provider.requests().len(), 4);
}

/// A provider that lets another isolate take a message while a call is under way.
struct Meanwhile<'a> {
    bench: &'a Bench,
    job: &'a JobId,
    other: &'a CircuitMemory,
}

impl Transport for Meanwhile<'_> {
    async fn send(
        &self,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let nobody = ScriptedTransport::new([]);
        let message = [self.bench.message(self.job)];
        let (ports, settings) = (&self.bench.ports, &self.bench.settings);
        let dispositions =
            run_delivery(ports, &nobody, settings, self.other, Lane::Single, &message).await;
        assert!(
            matches!(
                dispositions[..],
                [Disposition::Retry {
                    delay_seconds: 2..=62
                }]
            ),
            "{dispositions:?}"
        );
        assert!(nobody.requests().is_empty(), "two probes at once");
        ScriptedTransport::new([answer("well again")])
            .send(request, timeout)
            .await
    }
}

#[tokio::test]
async fn of_two_isolates_one_probes() {
    let bench = Bench::new();
    let refused = bench.submit().await;
    let provider = ScriptedTransport::new([status(401)]);
    bench.deliver(&provider, &[bench.message(&refused)]).await;
    bench.advance_seconds(300);
    let (probing, waiting) = (bench.submit().await, bench.submit().await);
    let other = CircuitMemory::new();
    let provider = Meanwhile {
        bench: &bench,
        job: &waiting,
        other: &other,
    };
    let message = [bench.message(&probing)];
    let (ports, settings) = (&bench.ports, &bench.settings);
    let dispositions = run_delivery(
        ports,
        &provider,
        settings,
        &bench.circuits,
        Lane::Single,
        &message,
    )
    .await;
    assert_eq!(dispositions, [ACK]);
    assert_eq!(bench.rows("provider_circuits"), 0);
    assert_eq!(bench.events("circuit_probe"), 1);
}

#[tokio::test]
async fn a_probe_that_was_lost_is_made_anew() {
    let bench = Bench::new();
    let jobs = [bench.submit().await, bench.submit().await];
    let provider = ScriptedTransport::new([status(401)]);
    bench.deliver(&provider, &[bench.message(&jobs[0])]).await;
    bench.advance_seconds(300);
    // An isolate takes the probe and dies.
    let circuit = &bench.ports.store.circuits().await.expect("read")[0];
    assert_eq!(circuit.state, CircuitState::Open);
    bench.execute("UPDATE provider_circuits SET state = 'half_open', until_ms = until_ms + 130000");
    let provider = ScriptedTransport::new([answer("x")]);
    let message = [bench.message(&jobs[1])];
    assert_ne!(bench.deliver(&provider, &message).await, [ACK]);
    bench.advance_seconds(200);
    assert_eq!(bench.deliver(&provider, &message).await, [ACK]);
    assert_eq!(bench.rows("provider_circuits"), 0);
}

#[tokio::test]
async fn a_new_key_begins_with_a_closed_circuit() {
    let mut bench = Bench::new();
    let refused = bench.submit().await;
    let provider = ScriptedTransport::new([status(401), answer("x")]);
    bench.deliver(&provider, &[bench.message(&refused)]).await;
    bench.settings.providers = crate::bench::providers("sk-new");
    let job = bench.submit().await;
    assert_eq!(
        bench.deliver(&provider, &[bench.message(&job)]).await,
        [ACK]
    );
    assert_eq!(bench.read(&job).await.state, JobState::Succeeded);
    let circuits = bench.ports.store.circuits().await.expect("read");
    assert_eq!(circuits.len(), 1, "the old key's stays as it is");
}

#[tokio::test]
async fn a_circuit_that_cannot_be_written_fails_no_job() {
    let bench = Bench::new();
    bench.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON provider_circuits \
         BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    let jobs = [bench.submit().await, bench.submit().await];
    let provider = ScriptedTransport::new([status(401), answer("x")]);
    assert_eq!(
        bench.deliver(&provider, &[bench.message(&jobs[0])]).await,
        [ACK]
    );
    assert_eq!(bench.read(&jobs[0]).await.state, JobState::DeadLettered);
    assert_eq!(bench.events("circuit_not_opened"), 1);
    // The isolate knows all the same, and probes by itself.
    let message = [bench.message(&jobs[1])];
    assert_ne!(bench.deliver(&provider, &message).await, [ACK]);
    bench.advance_seconds(311);
    assert_eq!(bench.deliver(&provider, &message).await, [ACK]);
    assert_eq!(provider.requests().len(), 2);
}

#[tokio::test]
async fn a_database_that_fails_for_a_moment_loses_no_opening_and_no_closing() {
    for fault in [Fault::Before(transient()), Fault::After(transient())] {
        let bench = Bench::new();
        let jobs = [bench.submit().await, bench.submit().await];
        bench.fail_next([Fault::None, fault.clone()]);
        let provider = ScriptedTransport::new([status(401), answer("x")]);
        bench.deliver(&provider, &[bench.message(&jobs[0])]).await;
        assert_eq!(bench.rows("provider_circuits"), 1);
        bench.advance_seconds(300);
        // The claim and the probe go well, the closing does not at first.
        bench.fail_next([Fault::None, Fault::None, fault]);
        let message = [bench.message(&jobs[1])];
        assert_eq!(bench.deliver(&provider, &message).await, [ACK]);
        assert_eq!(bench.rows("provider_circuits"), 0);
    }
}

#[tokio::test]
async fn a_probe_that_the_database_does_not_answer_is_made_all_the_same() {
    for fault in [Fault::Before(transient()), Fault::After(transient())] {
        let bench = Bench::new();
        let jobs = [bench.submit().await, bench.submit().await];
        let provider = ScriptedTransport::new([status(401), answer("x")]);
        bench.deliver(&provider, &[bench.message(&jobs[0])]).await;
        bench.advance_seconds(300);
        bench.fail_next([Fault::None, fault]);
        let message = [bench.message(&jobs[1])];
        assert_eq!(bench.deliver(&provider, &message).await, [ACK]);
        assert_eq!(bench.events("circuit_not_probed"), 1);
    }
}

#[tokio::test]
async fn an_answer_with_a_closed_circuit_writes_no_circuit() {
    let bench = Bench::new();
    let job = bench.submit().await;
    let before = bench.ports.store.database().batches();
    let provider = ScriptedTransport::new([answer("x")]);
    bench.deliver(&provider, &[bench.message(&job)]).await;
    let batches = bench.ports.store.database().batches() - before;
    assert_eq!(batches, 2, "a claim and a commit");
}

#[tokio::test]
async fn an_opening_is_never_shortened_and_one_that_is_long_over_is_forgotten() {
    let bench = Bench::new();
    let long = bench.submit().await;
    let provider = ScriptedTransport::new([status(401), status(401)]);
    bench.deliver(&provider, &[bench.message(&long)]).await;
    // Another isolate, which did not hear of it, is throttled for five seconds.
    let other = CircuitMemory::new();
    let throttled = Provider::new(&bench, |_| Ok(reply(429, "x", Some(5))));
    let job = bench.submit().await;
    bench.execute("CREATE TEMP TABLE hidden AS SELECT * FROM provider_circuits");
    bench.execute("DELETE FROM provider_circuits");
    let restore = BringsBack {
        bench: &bench,
        inner: &throttled,
    };
    let message = [bench.message(&job)];
    run_delivery(
        &bench.ports,
        &restore,
        &bench.settings,
        &other,
        Lane::Single,
        &message,
    )
    .await;
    let circuits = bench.ports.store.circuits().await.expect("read");
    assert_eq!(circuits[0].until, START.plus_seconds(300));
    assert_eq!(circuits[0].code, ErrorCode::ProviderAuth);

    bench.advance_seconds(2 * 86_400);
    let late = bench.submit_for("another").await;
    bench.deliver(&provider, &[bench.message(&late)]).await;
    let circuits = bench.ports.store.circuits().await.expect("read");
    assert_eq!(circuits.len(), 1);
    assert_eq!(circuits[0].key.model, "another");
}

/// While a call is under way, the circuits that were hidden come back.
struct BringsBack<'a> {
    bench: &'a Bench,
    inner: &'a Provider<'a>,
}

impl Transport for BringsBack<'_> {
    async fn send(
        &self,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        self.bench
            .execute("INSERT INTO provider_circuits SELECT * FROM hidden");
        self.inner.send(request, timeout).await
    }
}
