use redrive_shared::clock::Instant;
use redrive_shared::database::{Database, Statement, Value};
use redrive_shared::day::Day;
use redrive_shared::dead_letter::filter::DeadLetterFilter;
use redrive_shared::ids::DeliveryId;
use redrive_shared::job::JobState;
use redrive_shared::store::{Commit, JobFilter, NewJob, Permit, PermitLimits, Store, SweepLimits};
use redrive_shared::usage::{GroupBy, UsageRange};

use super::crowd::{Crowd, DEADLINE_SECONDS, LEASED_UNTIL, PAYLOADS_OVER, START};
use super::jobs::commit;

/// Jobs of one delivery.
const DELIVERED: usize = 10;

/// Rows that a sweep moves at most.
const SWEPT: u32 = 500;

/// Jobs that a step of retention looks at.
const RETAINED: u32 = 100;

/// Jobs of a page.
const PAGE: u32 = 100;

/// The limits of a provider, never reached here.
const LIMITS: PermitLimits = PermitLimits {
    concurrency: Some(10),
    calls_per_minute: Some(1_000),
};

/// How many jobs a sweep dead-lettered, rescued and sent again.
type Moved = (usize, usize, usize);

/// Ends `?3` leases of those that run out at `?1`, at `?2`.
const END_LEASES: &str = "\
UPDATE jobs SET due_at_ms = ?2
WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM jobs WHERE state = 'running' AND due_at_ms = ?1 LIMIT ?3)";

/// What a sweep at `?1` rescued runs again, until `?2`.
const RESTORE_RESCUED: &str = "\
UPDATE jobs
SET state = 'running', due_at_ms = ?2, rescues = 0, attempts = '[]', dispatches = 0, error = NULL, error_code = NULL
WHERE due_at_ms = ?1 AND state IN ('queued', 'retry_scheduled') AND rescues > 0";

/// What a sweep at `?1` sent again was due at `?2`.
const RESTORE_SENT: &str = "\
UPDATE jobs SET due_at_ms = ?2, dispatches = 0 WHERE due_at_ms = ?1 AND state IN ('queued', 'retry_scheduled')";

/// What a sweep at `?1` dead-lettered waits again, due at `?2`.
const RESTORE_ENDED: &str = "\
UPDATE jobs
SET state = 'queued', due_at_ms = ?2, completed_at_ms = NULL, expires_at_ms = NULL, error = NULL, error_code = NULL
WHERE completed_at_ms = ?1 AND error_code = 'deadline_exceeded' AND expires_at_ms IS NOT NULL";

/// What one operation cost, by the caller's meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// What was done.
    pub operation: &'static str,
    /// What the meter moved by.
    pub spent: u64,
}

/// The operations beside a crowd, measured.
struct Bench<'a, D, M> {
    store: &'a Store<D>,
    crowd: &'a Crowd,
    meter: M,
    costs: Vec<Cost>,
}

/// Runs every operation once beside the crowd, and says what each cost. The crowd is left as it
/// was, but for some jobs that succeeded and some dead letters that are gone: a few rounds change
/// little.
///
/// # Panics
/// When an operation does not do what it is measured for.
pub async fn measure<D: Database>(
    store: &Store<D>,
    crowd: &Crowd,
    meter: impl Fn() -> u64,
) -> Vec<Cost> {
    let mut bench = Bench {
        store,
        crowd,
        meter,
        costs: Vec::new(),
    };
    bench.jobs_run().await;
    bench.sweeps().await;
    bench.retention().await;
    bench.reads().await;
    bench.permits().await;
    bench.costs
}

impl<D: Database, M: Fn() -> u64> Bench<'_, D, M> {
    async fn cost<T>(&mut self, operation: &'static str, run: impl Future<Output = T>) -> T {
        let before = (self.meter)();
        let outcome = run.await;
        let spent = (self.meter)() - before;
        self.costs.push(Cost { operation, spent });
        outcome
    }

    /// Changes rows past the store, unmeasured, and says how many.
    async fn change(&self, sql: &'static str, parameters: Vec<Value>) -> u64 {
        let statement = Statement::new(sql, parameters);
        let results = self.store.database().batch(vec![statement]).await;
        let results = results.expect("the rows can be changed");
        results.iter().map(|result| result.changes).sum()
    }

    async fn jobs_run(&mut self) {
        let store = self.store;
        let jobs: Vec<NewJob> = (0..DELIVERED).map(|_| self.crowd.job()).collect();
        let submissions = async {
            for job in &jobs {
                store.insert_job(job).await.expect("the job is stored");
            }
        };
        self.cost("submit of 10", submissions).await;
        let delivery = DeliveryId::new(START, &self.crowd.entropy);
        let claim = self.crowd.claim(store, &delivery, &jobs);
        let claimed = self.cost("claim of 10", claim).await;
        assert_eq!(claimed.len(), DELIVERED);
        let other = DeliveryId::new(START, &self.crowd.entropy);
        let claim = self.crowd.claim(store, &other, &jobs);
        let nothing = self.cost("claim of 10 that others have", claim).await;
        assert!(nothing.is_empty());
        let commits: Vec<Commit> = claimed.iter().map(commit).collect();
        let held = self.cost("commit of 10", store.commit(&commits)).await;
        let held = held.expect("the commit runs");
        assert_eq!(held.iter().flatten().count(), DELIVERED);
    }

    /// Sweeps at `now`, when messages are missing that were due at `overdue`.
    async fn sweep(&mut self, operation: &'static str, now: Instant, overdue: Instant) -> Moved {
        let limits = SweepLimits {
            rows: SWEPT,
            overdue,
            overdue_bulk: overdue,
            overdue_step: overdue,
        };
        let swept = self.cost(operation, self.store.sweep(now, limits)).await;
        let swept = swept.expect("the sweep runs");
        (
            swept.dead_lettered.len(),
            swept.rescued.len(),
            swept.redispatched.len(),
        )
    }

    async fn sweeps(&mut self) {
        const EARLY: Instant = START.plus_millis(-1);
        let now = START.plus_seconds(30);
        let nothing = self.sweep("sweep that finds nothing", now, EARLY);
        assert_eq!(nothing.await, (0, 0, 0));

        let some = vec![LEASED_UNTIL.into(), START.into(), SWEPT.into()];
        assert_eq!(self.change(END_LEASES, some).await, u64::from(SWEPT));
        let some = self.sweep("sweep that rescues 500", now, EARLY);
        assert_eq!(some.await, (0, 500, 0));
        self.restore(now).await;

        let some = self.sweep("sweep that sends 500 again", now, START);
        assert_eq!(some.await, (0, 0, 500));
        self.restore(now).await;

        let every = self.sweep("sweep when every lease is over", LEASED_UNTIL, EARLY);
        assert_eq!(every.await, (0, 500, 0));
        self.restore(LEASED_UNTIL).await;

        let end = START.plus_seconds(i64::from(DEADLINE_SECONDS));
        let every = self.sweep("sweep when every deadline is", end, EARLY);
        assert_eq!(every.await, (500, 500, 0));
        self.restore(end).await;
    }

    /// Puts what a sweep at `swept_at` moved back into the crowd.
    async fn restore(&self, swept_at: Instant) {
        let now: Value = swept_at.into();
        let leased = vec![now.clone(), LEASED_UNTIL.into()];
        self.change(RESTORE_RESCUED, leased).await;
        let waiting = vec![now, START.into()];
        self.change(RESTORE_SENT, waiting.clone()).await;
        self.change(RESTORE_ENDED, waiting).await;
    }

    async fn retention(&mut self) {
        let store = self.store;
        let step = |now: Instant| async move {
            let (deleted, _) = store.delete_expired(now, RETAINED).await.expect("runs");
            (deleted.payloads, deleted.jobs)
        };
        let before = PAYLOADS_OVER.plus_millis(-1);
        let nothing = self.cost("retention that finds nothing", step(before));
        assert_eq!(nothing.await, (0, 0));
        let all = u64::from(RETAINED);
        let payloads = self.cost("retention of 100 payloads", step(PAYLOADS_OVER));
        assert_eq!(payloads.await, (all, 0));
        // Those that lost their payload are over first.
        let first =
            "UPDATE jobs SET expires_at_ms = ?2 WHERE expires_at_ms > ?1 AND request IS NULL";
        let over = PAYLOADS_OVER.plus_millis(-1);
        let changed = self.change(first, vec![PAYLOADS_OVER.into(), over.into()]);
        assert_eq!(changed.await, all);
        let rows = self.cost("retention of 100 jobs", step(over));
        assert_eq!(rows.await, (0, all));
    }

    async fn reads(&mut self) {
        let (store, tenant) = (self.store, &self.crowd.tenant);
        let all = JobFilter::default();
        let page = self.cost("page of 100 jobs", store.jobs(tenant, &all, PAGE));
        let page = page.await.expect("reads");
        assert_eq!(page.len(), 100);
        let last = page.last().expect("a job").id.clone();
        let read = self.cost("one job", store.job(tenant, &last));
        assert!(read.await.expect("reads").is_some());
        let dead = JobFilter {
            state: Some(JobState::DeadLettered),
            ..JobFilter::default()
        };
        let page = self.cost("page of 100 by their end", store.jobs(tenant, &dead, PAGE));
        assert_eq!(page.await.expect("reads").len(), 100);
        let referred = JobFilter {
            reference: Some(("order".to_owned(), "2".to_owned())),
            ..JobFilter::default()
        };
        let page = self.cost("page by reference", store.jobs(tenant, &referred, PAGE));
        assert_eq!(page.await.expect("reads").len(), 10);
        let month = UsageRange::new(None, None, Day::of(START)).expect("a range");
        let used = store.usage(tenant, &month, GroupBy::Day);
        let used = self.cost("usage of 30 days", used).await.expect("reads");
        assert_eq!(used.groups.len(), 1);
        let every = DeadLetterFilter::default();
        let letters = store.dead_letters(tenant, &every, None, PAGE);
        let letters = self.cost("page of 100 dead letters", letters);
        assert_eq!(letters.await.expect("reads").len(), 100);
    }

    async fn permits(&mut self) {
        let (store, limits) = (self.store, LIMITS);
        let until = START.plus_seconds(60);
        let take = store.take_permit("openai", limits, "call", START, until);
        let permit = self.cost("permit taken", take).await;
        assert_eq!(permit, Ok(Permit::Granted));
        let give_back = store.give_back_slot("openai", "call");
        let given = self.cost("permit given back", give_back).await;
        given.expect("the slot is given back");
    }
}
