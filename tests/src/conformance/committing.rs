use super::{LEASE_SECONDS, START, Tenant, answered, commit, count, error, retry_at};
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::JobState;
use redrive_shared::store::{Settlement, Store};

const RESULTS: &str = "SELECT count(*) AS n FROM task_results";

pub(super) async fn an_answer_is_stored_with_its_job<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(11);
    let job = tenant.submit(store).await;
    let claimed = tenant.claim(store, &job, START).await.expect("claimed");
    let held = store
        .commit(&[commit(&claimed, answered("four"))])
        .await
        .expect("committed");
    let told = held[0].clone().expect("the fence held");
    let read = tenant.read(store, &job).await;
    assert_eq!(read, told, "a commit tells what a reader sees");
    assert_eq!(read.state, JobState::Succeeded);
    assert_eq!(read.result.output.as_deref(), Some("four"));
    assert_eq!(
        (read.result.input_tokens, read.result.output_tokens),
        (Some(3), None)
    );
    assert_eq!(read.model.as_deref(), Some("sim-ok-2026"));
    assert_eq!(
        (read.due_at, read.completed_at),
        (None, Some(START.plus_millis(250)))
    );
    assert_eq!(read.attempts.len(), 1);
}

pub(super) async fn a_stale_attempt_cannot_complete_its_job<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(12);
    let job = tenant.submit(store).await;
    let first = tenant.claim(store, &job, START).await.expect("claimed");
    let second = tenant
        .claim(store, &job, START.plus_seconds(LEASE_SECONDS))
        .await
        .expect("rescued");
    assert_eq!(
        store.commit(&[commit(&first, answered("late"))]).await,
        Ok(vec![None])
    );
    assert_eq!(count(store, RESULTS, vec![]).await, 0);
    let held = store
        .commit(&[commit(&second, answered("right"))])
        .await
        .expect("committed");
    assert!(held[0].is_some());
    assert_eq!(
        store.commit(&[commit(&first, answered("later"))]).await,
        Ok(vec![None])
    );
    assert_eq!(
        tenant.read(store, &job).await.result.output.as_deref(),
        Some("right")
    );
}

pub(super) async fn a_repeated_commit_changes_nothing<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(13);
    let job = tenant.submit(store).await;
    let claimed = tenant.claim(store, &job, START).await.expect("claimed");
    let commit = commit(&claimed, answered("once"));
    assert!(
        store
            .commit(std::slice::from_ref(&commit))
            .await
            .expect("committed")[0]
            .is_some()
    );
    assert_eq!(store.commit(&[commit]).await, Ok(vec![None]));
    assert_eq!(count(store, RESULTS, vec![]).await, 1);
}

pub(super) async fn a_failure_and_a_deferral_are_counted_apart<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(14);
    let job = tenant.submit(store).await;
    let first = tenant.claim(store, &job, START).await.expect("claimed");
    let soon = START.plus_seconds(10);
    store
        .commit(&[commit(&first, retry_at(soon, true))])
        .await
        .expect("committed");
    let second = tenant.claim(store, &job, soon).await.expect("claimed");
    let later = START.plus_seconds(20);
    store
        .commit(&[commit(&second, retry_at(later, false))])
        .await
        .expect("committed");
    let record = tenant.read(store, &job).await;
    assert_eq!(
        (record.attempt, record.failures, record.deferrals),
        (2, 1, 1)
    );
    assert_eq!(
        (record.state, record.due_at),
        (JobState::RetryScheduled, Some(later))
    );
    assert_eq!(record.error_code, Some(ErrorCode::ProviderUnavailable));
}

pub(super) async fn an_unsuccessful_end_keeps_its_reason<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(15);
    let (refused, broken) = (tenant.submit(store).await, tenant.submit(store).await);
    let one = tenant.claim(store, &refused, START).await.expect("claimed");
    let two = tenant.claim(store, &broken, START).await.expect("claimed");
    let failed = Settlement::Failed {
        code: ErrorCode::InvalidRequest,
        error: error("bad"),
    };
    let dead = Settlement::DeadLettered {
        counts_as_failure: true,
        code: ErrorCode::ProviderAuth,
        error: error("key"),
    };
    store
        .commit(&[commit(&one, failed), commit(&two, dead)])
        .await
        .expect("committed");
    let refused = tenant.read(store, &refused).await;
    assert_eq!(
        (refused.state, refused.error_code),
        (JobState::Failed, Some(ErrorCode::InvalidRequest))
    );
    assert_eq!(refused.error, Some(error("bad")));
    let broken = tenant.read(store, &broken).await;
    assert_eq!(
        (broken.state, broken.error_code),
        (JobState::DeadLettered, Some(ErrorCode::ProviderAuth))
    );
    assert_eq!((broken.failures, broken.due_at), (1, None));
    assert!(broken.completed_at.is_some());
}

pub(super) async fn a_batch_of_commits_judges_each_by_its_own_fence<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(16);
    let (kept, lost) = (tenant.submit(store).await, tenant.submit(store).await);
    let one = tenant.claim(store, &kept, START).await.expect("claimed");
    let two = tenant.claim(store, &lost, START).await.expect("claimed");
    store
        .cancel(&tenant.id, &lost, START)
        .await
        .expect("cancelled");
    let commits = [
        commit(&two, answered("dropped")),
        commit(&one, answered("kept")),
    ];
    let held = store.commit(&commits).await.expect("committed");
    assert!(held[0].is_none() && held[1].is_some());
    assert_eq!(count(store, RESULTS, vec![]).await, 1);
}

pub(super) async fn the_largest_delivery_is_claimed_and_committed_at_once<D: Database>(
    store: &Store<D>,
) {
    /// Messages that the platform hands over at once.
    const MESSAGES: usize = 100;
    let tenant = Tenant::new(19);
    let mut messages = Vec::new();
    for _ in 0..MESSAGES {
        let job = tenant.submit(store).await;
        messages.push(tenant.message(&job));
    }
    let lease_until = START.plus_seconds(LEASE_SECONDS);
    let claims = store
        .claim(&messages, START, lease_until)
        .await
        .expect("claimed");
    assert_eq!(claims.claimed.len(), MESSAGES);
    assert_eq!(claims.standings.len(), MESSAGES);
    let commits: Vec<_> = claims
        .claimed
        .iter()
        .map(|job| commit(job, answered("four")))
        .collect();
    let held = store.commit(&commits).await.expect("committed");
    assert_eq!(held.iter().flatten().count(), MESSAGES);
    assert_eq!(count(store, RESULTS, vec![]).await, 100);
}

pub(super) async fn a_cancelled_job_takes_no_answer<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(17);
    let job = tenant.submit(store).await;
    let claimed = tenant.claim(store, &job, START).await.expect("claimed");
    let cancelled = store.cancel(&tenant.id, &job, START).await.expect("runs");
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
    assert_eq!(tenant.read(store, &job).await.state, JobState::Cancelled);
    assert_eq!(count(store, RESULTS, vec![]).await, 0);
}

pub(super) async fn a_terminal_job_is_not_cancelled<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(18);
    let job = tenant.submit(store).await;
    let claimed = tenant.claim(store, &job, START).await.expect("claimed");
    store
        .commit(&[commit(&claimed, answered("done"))])
        .await
        .expect("committed");
    assert_eq!(store.cancel(&tenant.id, &job, START).await, Ok(None));
    assert_eq!(tenant.read(store, &job).await.state, JobState::Succeeded);
}
