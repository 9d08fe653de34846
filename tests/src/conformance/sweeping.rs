use super::{
    DEADLINE_SECONDS, LEASE_SECONDS, PAYLOAD_RETENTION_SECONDS, START, Tenant, change, expires_at,
};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::job::{AttemptOutcome, JobState};
use redrive_shared::store::{MAX_RESCUES, NewJob, Store, SweepLimits, Swept};

/// Sweeps at `now` with these rows at most; a message is missing that is a minute overdue.
async fn sweep_rows<D: Database>(store: &Store<D>, now: Instant, rows: u32) -> Swept {
    let limits = SweepLimits {
        rows,
        overdue: now.plus_seconds(-60),
        overdue_bulk: now.plus_seconds(-60),
        overdue_step: now.plus_seconds(-60),
    };
    store.sweep(now, limits).await.expect("the sweep runs")
}

/// Sweeps at `now`; a message is missing that is a minute overdue.
pub(super) async fn sweep<D: Database>(store: &Store<D>, now: Instant) -> Swept {
    sweep_rows(store, now, 500).await
}

pub(super) async fn an_expired_lease_is_queued_again<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(21);
    let job = tenant.submit(store).await;
    tenant.claim(store, &job, START).await.expect("claimed");
    assert_eq!(
        sweep(store, START.plus_seconds(LEASE_SECONDS - 1)).await,
        Swept::default()
    );
    let now = START.plus_seconds(LEASE_SECONDS);
    assert_eq!(sweep(store, now).await.rescued, [tenant.needed(&job)]);
    let record = tenant.read(store, &job).await;
    assert_eq!(
        (record.state, record.rescues, record.due_at),
        (JobState::Queued, 1, Some(now))
    );
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Rescued);
    assert_eq!(
        tenant
            .claim(store, &job, now)
            .await
            .expect("runs again")
            .attempt,
        2
    );
}

pub(super) async fn the_last_rescue_ends_as_poison<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(22);
    let job = tenant.submit(store).await;
    let mut now = START;
    for _ in 0..MAX_RESCUES {
        tenant.claim(store, &job, now).await.expect("claimed");
        now = now.plus_seconds(LEASE_SECONDS);
        assert_eq!(sweep(store, now).await.rescued.len(), 1);
    }
    tenant.claim(store, &job, now).await.expect("claimed");
    let swept = sweep(store, now.plus_seconds(LEASE_SECONDS)).await;
    assert_eq!(swept.dead_lettered.len(), 1);
    assert_eq!(swept.dead_lettered[0].error_code, ErrorCode::Poison);
    let record = tenant.read(store, &job).await;
    assert_eq!(
        (record.state, record.error_code),
        (JobState::DeadLettered, Some(ErrorCode::Poison))
    );
    assert_eq!(
        (record.attempt, record.rescues),
        (MAX_RESCUES + 1, MAX_RESCUES + 1)
    );
    assert_eq!(
        record.attempts.len(),
        usize::try_from(MAX_RESCUES + 1).expect("small")
    );
    let error = record.error.expect("told");
    assert!(error.message.contains("replay"));
    assert_eq!(error.cause, Some(ErrorCode::LeaseExpired));
    let kept = now.plus_seconds(LEASE_SECONDS + PAYLOAD_RETENTION_SECONDS);
    assert_eq!(expires_at(store, &job).await, Some(kept));
}

pub(super) async fn a_passed_deadline_ends_the_wait<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(23);
    let job = tenant.submit(store).await;
    let deadline = START.plus_seconds(i64::from(DEADLINE_SECONDS));
    let early = sweep(store, deadline.plus_millis(-1)).await;
    assert!(early.dead_lettered.is_empty());
    let swept = sweep(store, deadline).await;
    assert!(swept.redispatched.is_empty());
    assert_eq!(swept.dead_lettered.len(), 1);
    let record = tenant.read(store, &job).await;
    assert_eq!(record.state, JobState::DeadLettered);
    assert_eq!(record.error_code, Some(ErrorCode::DeadlineExceeded));
}

pub(super) async fn a_missing_message_is_sent_again_after_the_grace<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(24);
    let job = tenant.submit(store).await;
    assert_eq!(sweep(store, START.plus_seconds(59)).await, Swept::default());
    let now = START.plus_seconds(60);
    assert_eq!(sweep(store, now).await.redispatched, [tenant.needed(&job)]);
    assert_eq!(tenant.read(store, &job).await.state, JobState::Queued);
    assert!(tenant.claim(store, &job, now).await.is_some());
}

pub(super) async fn a_second_sweep_finds_nothing<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(25);
    let (leased, waiting) = (tenant.submit(store).await, tenant.submit(store).await);
    tenant.claim(store, &leased, START).await.expect("claimed");
    let now = START.plus_seconds(LEASE_SECONDS);
    let first = sweep(store, now).await;
    assert_eq!(first.rescued, [tenant.needed(&leased)]);
    assert_eq!(first.redispatched, [tenant.needed(&waiting)]);
    assert_eq!(sweep(store, now).await, Swept::default());
}

pub(super) async fn a_sweep_is_bounded<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(26);
    for _ in 0..5 {
        tenant.submit(store).await;
    }
    let mut counts = Vec::new();
    for millis in 0..3 {
        let now = START.plus_seconds(120).plus_millis(millis);
        counts.push(sweep_rows(store, now, 3).await.redispatched.len());
    }
    assert_eq!(counts, [3, 2, 0]);
}

pub(super) async fn what_is_rescued_and_what_is_sent_again_share_the_limit<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(28);
    for _ in 0..2 {
        tenant.running(store).await;
    }
    for _ in 0..5 {
        tenant.submit(store).await;
    }
    let mut counts = Vec::new();
    for millis in 0..3 {
        let now = START.plus_seconds(LEASE_SECONDS).plus_millis(millis);
        let swept = sweep_rows(store, now, 3).await;
        counts.push((swept.rescued.len(), swept.redispatched.len()));
    }
    assert_eq!(counts, [(2, 1), (0, 3), (0, 1)]);
}

pub(super) async fn a_crowd_that_cannot_be_moved_stops_nobody_behind_it<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(27);
    // In front: leases over for the last time, and jobs past their deadline, more than one sweep ends.
    let mut crowd = Vec::new();
    for _ in 0..5 {
        crowd.push(tenant.running(store).await.id);
    }
    change(store, "UPDATE jobs SET rescues = 2, attempt = 3", vec![]).await;
    let lost = tenant.submit(store).await;
    let second = START.plus_seconds(1);
    tenant.claim(store, &lost, second).await.expect("claimed");
    for _ in 0..5 {
        crowd.push(tenant.submit(store).await);
    }
    let fresh = tenant.job(second);
    let mut fresh = NewJob {
        deadline_seconds: 2 * DEADLINE_SECONDS,
        ..fresh
    };
    fresh.id = JobId::new(second, &tenant.entropy);
    store.insert_job(&fresh).await.expect("stored");
    let now = second.plus_seconds(i64::from(DEADLINE_SECONDS));
    let mut moved = Swept::default();
    for _ in 0..3 {
        let swept = sweep_rows(store, now, 2).await;
        assert!(swept.dead_lettered.len() <= 4 && swept.redispatched.len() <= 2);
        moved.dead_lettered.extend(swept.dead_lettered);
        moved.rescued.extend(swept.rescued);
        moved.redispatched.extend(swept.redispatched);
    }
    assert_eq!(moved.rescued, [tenant.needed(&lost)]);
    assert!(moved.redispatched.contains(&tenant.needed(&fresh.id)));
    for job in &crowd {
        let ended = moved.dead_lettered.iter().any(|letter| letter.id == *job);
        let sent = moved.redispatched.contains(&tenant.needed(job));
        assert!(ended || sent, "a delivery ends what a sweep sends");
    }
}
