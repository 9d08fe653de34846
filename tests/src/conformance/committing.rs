use super::{
    LEASE_SECONDS, PAYLOAD_RETENTION_SECONDS, RESULTS, START, Tenant, answered, commit, count,
    dead, error, expires_at, retry_at,
};
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::JobState;
use redrive_shared::store::{Settlement, Store};

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

pub(super) async fn the_row_tells_whether_a_commit_took_effect<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(20);
    let end = |code| Settlement::Failed {
        code,
        error: error("refused"),
    };
    for settlement in [
        answered("four"),
        retry_at(START.plus_seconds(30), true),
        end(ErrorCode::InvalidRequest),
        dead(ErrorCode::ProviderAuth),
    ] {
        let claimed = tenant.running(store).await;
        let commit = commit(&claimed, settlement);
        assert!(!commit.left(&tenant.read(store, &claimed.id).await));
        for effective in [true, false] {
            let held = store.commit(std::slice::from_ref(&commit)).await;
            assert_eq!(held.expect("runs")[0].is_some(), effective);
            assert!(commit.left(&tenant.read(store, &claimed.id).await));
        }
        let mut other = commit.clone();
        other.attempts[0].finished_at_ms = START.plus_seconds(-1);
        assert!(!other.left(&tenant.read(store, &claimed.id).await));
    }
    let claimed = tenant.running(store).await;
    let late = commit(&claimed, answered("late"));
    store
        .cancel(&tenant.id, &claimed.id, late.finished_at, None)
        .await
        .expect("cancelled");
    assert!(!late.left(&tenant.read(store, &claimed.id).await));
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
    let dead = dead(ErrorCode::ProviderAuth);
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
    let end = START.plus_millis(250);
    let kept = Some(end.plus_seconds(PAYLOAD_RETENTION_SECONDS));
    for job in [&refused, &broken] {
        assert_eq!(job.completed_at, Some(end));
        assert_eq!(expires_at(store, &job.id).await, kept);
    }
}

pub(super) async fn a_batch_of_commits_judges_each_by_its_own_fence<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(16);
    let (kept, lost) = (tenant.submit(store).await, tenant.submit(store).await);
    let one = tenant.claim(store, &kept, START).await.expect("claimed");
    let two = tenant.claim(store, &lost, START).await.expect("claimed");
    store
        .cancel(&tenant.id, &lost, START, None)
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
    let mut jobs = Vec::new();
    for _ in 0..MESSAGES {
        jobs.push(tenant.submit(store).await);
    }
    let jobs: Vec<_> = jobs.iter().collect();
    let delivery = tenant.delivery();
    let claims = tenant
        .claim_all(store, &jobs, (&delivery, START, false))
        .await;
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
