use super::{
    LEASE_SECONDS, PAYLOAD_RETENTION_SECONDS, RESULTS, START, Tenant, answered, commit, count,
    expires_at, retry_at,
};
use redrive_shared::database::Database;
use redrive_shared::job::{AttemptOutcome, JobState};
use redrive_shared::store::Store;

pub(super) async fn a_cancelled_job_takes_no_answer<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(17);
    let claimed = tenant.running(store).await;
    let cancelled = store
        .cancel(&tenant.id, &claimed.id, START, None)
        .await
        .expect("runs");
    assert_eq!(
        cancelled.expect("this call did it").state,
        JobState::Cancelled
    );
    for settlement in [answered("late"), retry_at(START, true)] {
        assert_eq!(
            store.commit(&[commit(&claimed, settlement)]).await,
            Ok(vec![None])
        );
    }
    let record = tenant.read(store, &claimed.id).await;
    assert_eq!(record.state, JobState::Cancelled);
    assert_eq!(count(store, RESULTS, vec![]).await, 0);
    let over = START.plus_seconds(LEASE_SECONDS);
    assert_eq!(tenant.claim(store, &claimed.id, over).await, None);
}

pub(super) async fn a_terminal_job_is_not_cancelled<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(18);
    let claimed = tenant.running(store).await;
    store
        .commit(&[commit(&claimed, answered("done"))])
        .await
        .expect("committed");
    assert_eq!(
        store.cancel(&tenant.id, &claimed.id, START, None).await,
        Ok(None)
    );
    let record = tenant.read(store, &claimed.id).await;
    assert_eq!(record.state, JobState::Succeeded);
}

pub(super) async fn the_history_tells_that_a_call_was_under_way_and_only_then<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(81);
    let (queued, retried) = (tenant.submit(store).await, tenant.running(store).await);
    store
        .commit(&[commit(&retried, retry_at(START.plus_seconds(30), true))])
        .await
        .expect("committed");
    let running = tenant.running(store).await;
    let now = START.plus_seconds(1);
    for (job, attempts) in [(&queued, 0), (&retried.id, 1), (&running.id, 1)] {
        for _ in 0..2 {
            store
                .cancel(&tenant.id, job, now, None)
                .await
                .expect("runs");
        }
        let record = tenant.read(store, job).await;
        assert_eq!(
            (record.state, record.completed_at, record.attempts.len()),
            (JobState::Cancelled, Some(now), attempts)
        );
        let kept = Some(now.plus_seconds(PAYLOAD_RETENTION_SECONDS));
        assert_eq!(expires_at(store, job).await, kept);
    }
    let under_way = &tenant.read(store, &running.id).await.attempts[0];
    assert_eq!(
        (under_way.attempt, under_way.outcome, under_way.code),
        (1, AttemptOutcome::Cancelled, None)
    );
    assert_eq!(
        (under_way.started_at_ms, under_way.finished_at_ms),
        (START, now)
    );
    assert!(under_way.possibly_billed);
    let finished = &tenant.read(store, &retried.id).await.attempts[0];
    assert_eq!(finished.outcome, AttemptOutcome::Failed);
}
