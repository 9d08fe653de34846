//! Many jobs at one moment: what spreads them.

use crate::bench::{Bench, status};
use redrive_shared::database::{Database, Statement};
use redrive_shared::ids::JobId;
use redrive_shared::message::JobMessage;
use redrive_shared::native::ScriptedTransport;
use redrive_shared::run::{Delivered, Disposition};
use redrive_shared::sweep::{ROWS, sweep};
use std::collections::{BTreeMap, HashSet};

const STORM: usize = 1_000;

/// So many jobs that are due at the same millisecond. Each asks for a model of its own, so that no
/// circuit opens and holds up the rest: what spreads them here is the retry policy alone.
async fn storm(bench: &Bench) -> Vec<JobId> {
    let mut jobs = Vec::with_capacity(STORM);
    for _ in 0..STORM {
        jobs.push(bench.submit().await);
    }
    let sql = "UPDATE jobs SET model = id, max_attempts = 20, deadline_at_ms = deadline_at_ms * 2";
    let update = Statement::new(sql, vec![]);
    let database = bench.ports.store.database();
    database.batch(vec![update]).await.expect("updates");
    jobs
}

/// How many of these instants fall into each second.
fn by_second(seconds: impl IntoIterator<Item = u32>) -> BTreeMap<u32, usize> {
    let mut counts = BTreeMap::new();
    for second in seconds {
        *counts.entry(second).or_default() += 1;
    }
    counts
}

/// The delay with which a message comes again; none when it does not.
fn delay(disposition: Disposition) -> Option<u32> {
    match disposition {
        Disposition::Retry { delay_seconds } => Some(delay_seconds),
        Disposition::Acknowledge => None,
    }
}

#[tokio::test]
async fn f34_jobs_that_fail_in_one_second_do_not_come_back_in_one() {
    let bench = Bench::new();
    let jobs = storm(&bench).await;
    let messages: Vec<Delivered> = jobs.iter().map(|job| bench.message(job)).collect();
    // The schedule: 2 s, doubling, of which jitter takes up to half.
    for longest in [2_u32, 4, 8, 16] {
        let provider = ScriptedTransport::new((0..STORM).map(|_| status(500)));
        let dispositions = bench.deliver(&provider, &messages).await;
        assert_eq!(provider.requests().len(), STORM);
        let delays: Vec<u32> = dispositions.into_iter().filter_map(delay).collect();
        assert_eq!(delays.len(), STORM, "every job comes again");
        let counts = by_second(delays);
        let seconds = usize::try_from(longest / 2).expect("small");
        assert!(
            counts
                .keys()
                .all(|delay| (longest / 2..=longest).contains(delay))
        );
        let most = counts.values().max().expect("not empty");
        let mean = STORM / seconds;
        assert!(*most <= 2 * mean, "{most} in one second: {counts:?}");
        bench.ports.clock.advance_millis(i64::from(longest) * 1_000);
    }
}

#[tokio::test]
async fn f34_jobs_that_a_sweep_finds_at_once_are_sent_in_portions_and_spread() {
    let bench = Bench::new();
    let jobs = storm(&bench).await;
    let mut sent = HashSet::new();
    for _ in 0..2 {
        bench.ports.clock.advance_millis(70_000);
        sweep(&bench.ports, 60).await.expect("sweeps");
        let counts = by_second(bench.ports.jobs.delays());
        let bodies = bench.ports.jobs.take();
        assert_eq!(bodies.len(), usize::try_from(ROWS).expect("small"));
        assert!(counts.values().all(|count| *count == 100), "{counts:?}");
        sent.extend(bodies);
    }
    let messages = jobs.iter().map(|job| JobMessage {
        tenant_id: bench.tenant.clone(),
        job_id: job.clone(),
    });
    assert_eq!(sent, messages.map(|message| message.encode()).collect());
}

#[tokio::test]
async fn f34_a_sweep_that_rescues_and_sends_again_sends_no_more_than_its_limit() {
    let bench = Bench::new();
    storm(&bench).await;
    let sql = "UPDATE jobs SET state = 'running', attempt = 1, started_at_ms = created_at_ms \
               WHERE id IN (SELECT id FROM jobs ORDER BY id LIMIT 300)";
    let database = bench.ports.store.database();
    let killed = Statement::new(sql, vec![]);
    database.batch(vec![killed]).await.expect("updates");
    bench.ports.clock.advance_millis(70_000);
    let mut sent = HashSet::new();
    for _ in 0..2 {
        sweep(&bench.ports, 60).await.expect("sweeps");
        let bodies = bench.ports.jobs.take();
        sent.extend(bodies.iter().cloned());
        let most = usize::try_from(ROWS).expect("small");
        assert!(bodies.len() <= most, "{}", bodies.len());
        bench.ports.clock.advance_millis(1);
    }
    assert_eq!(sent.len(), STORM, "every job is sent within two sweeps");
}
