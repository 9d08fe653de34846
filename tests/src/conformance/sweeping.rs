use super::{LEASE_SECONDS, START, Tenant};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::{AttemptOutcome, JobState};
use redrive_shared::store::{MAX_RESCUES, Store, SweepLimits, Swept};

const LIMITS: SweepLimits = SweepLimits {
    rows: 500,
    grace_seconds: 60,
};

async fn sweep<D: Database>(store: &Store<D>, now: Instant) -> Swept {
    store.sweep(now, LIMITS).await.expect("the sweep runs")
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
    assert_eq!(sweep(store, now).await.rescued, [tenant.message(&job)]);
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
    assert!(record.error.expect("told").message.contains("replay"));
}

pub(super) async fn a_passed_deadline_ends_the_wait<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(23);
    let job = tenant.submit(store).await;
    let swept = sweep(store, START.plus_seconds(3_600)).await;
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
    assert_eq!(sweep(store, now).await.redispatched, [tenant.message(&job)]);
    assert_eq!(tenant.read(store, &job).await.state, JobState::Queued);
    assert!(tenant.claim(store, &job, now).await.is_some());
}

pub(super) async fn a_second_sweep_finds_nothing<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(25);
    let (leased, waiting) = (tenant.submit(store).await, tenant.submit(store).await);
    tenant.claim(store, &leased, START).await.expect("claimed");
    let now = START.plus_seconds(LEASE_SECONDS);
    let first = sweep(store, now).await;
    assert_eq!(first.rescued, [tenant.message(&leased)]);
    assert_eq!(first.redispatched, [tenant.message(&waiting)]);
    assert_eq!(sweep(store, now).await, Swept::default());
}

pub(super) async fn a_sweep_is_bounded<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(26);
    for _ in 0..5 {
        tenant.submit(store).await;
    }
    let limits = SweepLimits {
        rows: 3,
        grace_seconds: 60,
    };
    let now = START.plus_seconds(120);
    let counts = [
        store
            .sweep(now, limits)
            .await
            .expect("runs")
            .redispatched
            .len(),
        store
            .sweep(now, limits)
            .await
            .expect("runs")
            .redispatched
            .len(),
        store
            .sweep(now, limits)
            .await
            .expect("runs")
            .redispatched
            .len(),
    ];
    assert_eq!(counts, [3, 2, 0]);
}
