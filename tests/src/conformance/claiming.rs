use super::{DEADLINE_SECONDS, LEASE_SECONDS, START, Tenant, change, commit, count, retry_at};
use redrive_shared::database::Database;
use redrive_shared::job::JobState;
use redrive_shared::store::Store;

pub(super) async fn a_new_job_is_queued_and_due_at_once<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(1);
    let job = tenant.submit(store).await;
    let record = tenant.read(store, &job).await;
    assert_eq!(record.state, JobState::Queued);
    assert_eq!(
        (
            record.attempt,
            record.failures,
            record.deferrals,
            record.rescues
        ),
        (0, 0, 0, 0)
    );
    assert_eq!(record.due_at, Some(START));
    assert_eq!(record.completed_at, None);
    assert!(record.attempts.is_empty());
}

pub(super) async fn repeating_a_submission_changes_nothing<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(2);
    let job = tenant.job(START);
    store.insert_job(&job).await.expect("stored");
    tenant.claim(store, &job.id, START).await.expect("claimed");
    store.insert_job(&job).await.expect("a repeat is no error");
    assert_eq!(tenant.read(store, &job.id).await.state, JobState::Running);
    assert_eq!(
        count(store, "SELECT count(*) AS n FROM jobs", vec![]).await,
        1
    );
}

pub(super) async fn a_claim_takes_due_jobs_and_numbers_the_attempt<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(3);
    let jobs = [
        tenant.submit(store).await,
        tenant.submit(store).await,
        tenant.submit(store).await,
    ];
    let jobs: Vec<_> = jobs.iter().collect();
    let delivery = tenant.delivery();
    let claims = tenant
        .claim_all(store, &jobs, (&delivery, START, false))
        .await;
    let lease_until = START.plus_seconds(LEASE_SECONDS);
    assert_eq!(claims.claimed.len(), 3);
    for job in &claims.claimed {
        assert_eq!(
            (job.attempt, job.lease_until, job.started_at),
            (1, lease_until, START)
        );
        assert_eq!(job.max_attempts, 5);
        assert!(job.request.contains("hello"));
    }
    assert!(
        claims
            .standings
            .iter()
            .all(|standing| standing.state == JobState::Running)
    );
    assert_eq!(claims.standings.len(), 3);
}

pub(super) async fn a_leased_job_is_not_claimed_again<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(4);
    let job = tenant.submit(store).await;
    tenant.claim(store, &job, START).await.expect("claimed");
    let later = START.plus_seconds(LEASE_SECONDS - 1);
    assert_eq!(tenant.claim(store, &job, later).await, None);
    assert_eq!(tenant.read(store, &job).await.attempt, 1);
}

pub(super) async fn a_job_is_not_claimed_before_it_is_due<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(5);
    let job = tenant.submit(store).await;
    let claimed = tenant.claim(store, &job, START).await.expect("claimed");
    let due_at = START.plus_seconds(30);
    store
        .commit(&[commit(&claimed, retry_at(due_at, true))])
        .await
        .expect("committed");
    assert_eq!(
        tenant.claim(store, &job, START.plus_seconds(28)).await,
        None
    );
    let second = tenant.claim(store, &job, due_at).await.expect("due");
    assert_eq!((second.attempt, second.failures), (2, 1));
}

pub(super) async fn a_job_is_never_claimed_after_its_deadline<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(6);
    let deadline = START.plus_seconds(i64::from(DEADLINE_SECONDS));
    let (waiting, retried) = (tenant.submit(store).await, tenant.running(store).await);
    let due_at = deadline.plus_millis(-1);
    store
        .commit(&[commit(&retried, retry_at(due_at, true))])
        .await
        .expect("committed");
    let dead = tenant.running(store).await;
    for job in [&waiting, &retried.id, &dead.id] {
        assert_eq!(tenant.claim(store, job, deadline).await, None);
    }
    assert_eq!(tenant.read(store, &waiting).await.state, JobState::Queued);
    assert_eq!(tenant.read(store, &dead.id).await.rescues, 0);
    let last = tenant.claim(store, &retried.id, due_at).await;
    assert_eq!(last.expect("the deadline is not over").attempt, 2);
}

pub(super) async fn a_message_of_another_tenant_claims_nothing<D: Database>(store: &Store<D>) {
    let (owner, stranger) = (Tenant::new(7), Tenant::new(70));
    let job = owner.submit(store).await;
    let delivery = stranger.delivery();
    let claims = stranger
        .claim_all(store, &[&job], (&delivery, START, true))
        .await;
    assert!(claims.claimed.is_empty() && claims.standings.is_empty());
    assert_eq!(owner.read(store, &job).await.attempt, 0);
}

pub(super) async fn a_job_that_this_version_cannot_read_leaves_its_neighbours_alone<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(8);
    let (strange, plain) = (tenant.submit(store).await, tenant.submit(store).await);
    change(
        store,
        "UPDATE jobs SET attempts = '{}' WHERE id = ?1",
        vec![strange.as_str().into()],
    )
    .await;
    let delivery = tenant.delivery();
    let claims = tenant
        .claim_all(store, &[&strange, &plain], (&delivery, START, false))
        .await;
    assert_eq!(claims.unreadable.len(), 1);
    assert!(!claims.got(&tenant.message(&strange)) && claims.got(&tenant.message(&plain)));
    assert_eq!(claims.standings.len(), 2);
}
