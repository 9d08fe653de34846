use super::{LEASE_SECONDS, START, Tenant};
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::{AttemptOutcome, JobState};
use redrive_shared::store::{MAX_RESCUES, Store, SweepLimits};

pub(super) async fn a_job_whose_lease_ran_out_is_rescued_by_a_claim_that_takes_suspects<
    D: Database,
>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(71);
    let job = tenant.running(store).await.id;
    let over = START.plus_seconds(LEASE_SECONDS);
    for (now, rescued_too) in [(over.plus_millis(-1), true), (over, false)] {
        let delivery = tenant.delivery();
        let claims = tenant
            .claim_all(store, &[&job], (&delivery, now, rescued_too))
            .await;
        assert!(claims.claimed.is_empty());
    }
    let second = tenant
        .claim(store, &job, over)
        .await
        .expect("the lease is over");
    assert_eq!((second.attempt, second.failures), (2, 0));
    let record = tenant.read(store, &job).await;
    assert_eq!((record.rescues, record.attempts.len()), (1, 1));
    let lost = &record.attempts[0];
    assert_eq!(
        (lost.attempt, lost.outcome, lost.code),
        (1, AttemptOutcome::Rescued, Some(ErrorCode::LeaseExpired))
    );
    assert_eq!((lost.started_at_ms, lost.finished_at_ms), (START, over));
    assert!(lost.possibly_billed);
}

pub(super) async fn a_job_that_was_rescued_is_claimed_with_suspects_only<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(72);
    let suspect = tenant.running(store).await.id;
    let over = START.plus_seconds(LEASE_SECONDS);
    let limits = SweepLimits {
        rows: 10,
        overdue: START,
        overdue_bulk: START,
        overdue_step: START,
    };
    let swept = store.sweep(over, limits).await.expect("sweeps");
    assert_eq!(swept.rescued, [tenant.needed(&suspect)]);
    let neighbour = tenant.submit(store).await;
    let delivery = tenant.delivery();
    let claims = tenant
        .claim_all(store, &[&suspect, &neighbour], (&delivery, over, false))
        .await;
    assert!(claims.got(&tenant.message(&neighbour)));
    assert!(!claims.got(&tenant.message(&suspect)));
    let standing = claims.standing(&tenant.message(&suspect)).expect("known");
    assert_eq!((standing.state, standing.rescues), (JobState::Queued, 1));
    let claims = tenant
        .claim_all(store, &[&suspect], (&delivery, over, true))
        .await;
    assert_eq!(claims.claimed[0].attempt, 2);
}

pub(super) async fn a_job_is_not_rescued_more_often_than_allowed<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(73);
    let job = tenant.submit(store).await;
    let mut now = START;
    for _ in 0..=MAX_RESCUES {
        tenant.claim(store, &job, now).await.expect("claimed");
        now = now.plus_seconds(LEASE_SECONDS);
    }
    assert_eq!(tenant.claim(store, &job, now).await, None);
    assert_eq!(tenant.read(store, &job).await.rescues, MAX_RESCUES);
}
