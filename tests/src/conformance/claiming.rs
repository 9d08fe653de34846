use super::{LEASE_SECONDS, START, Tenant, commit, count, retry_at};
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::{AttemptOutcome, JobState};
use redrive_shared::store::{MAX_RESCUES, Store};

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
    let messages: Vec<_> = jobs.iter().map(|job| tenant.message(job)).collect();
    let lease_until = START.plus_seconds(LEASE_SECONDS);
    let claims = store
        .claim(&messages, START, lease_until)
        .await
        .expect("claimed");
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

pub(super) async fn a_job_is_not_claimed_after_its_deadline<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(6);
    let job = tenant.submit(store).await;
    assert_eq!(
        tenant.claim(store, &job, START.plus_seconds(3_600)).await,
        None
    );
    assert_eq!(tenant.read(store, &job).await.state, JobState::Queued);
}

pub(super) async fn a_message_of_another_tenant_claims_nothing<D: Database>(store: &Store<D>) {
    let (owner, stranger) = (Tenant::new(7), Tenant::new(70));
    let job = owner.submit(store).await;
    let lease_until = START.plus_seconds(LEASE_SECONDS);
    let claims = store
        .claim(&[stranger.message(&job)], START, lease_until)
        .await
        .expect("runs");
    assert!(claims.claimed.is_empty() && claims.standings.is_empty());
    assert_eq!(owner.read(store, &job).await.attempt, 0);
}

pub(super) async fn a_job_whose_lease_ran_out_is_rescued_by_the_next_claim<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(8);
    let job = tenant.submit(store).await;
    tenant.claim(store, &job, START).await.expect("claimed");
    let later = START.plus_seconds(LEASE_SECONDS);
    let second = tenant
        .claim(store, &job, later)
        .await
        .expect("the lease is over");
    assert_eq!((second.attempt, second.failures), (2, 0));
    let record = tenant.read(store, &job).await;
    assert_eq!(record.rescues, 1);
    assert_eq!(record.attempts.len(), 1);
    assert_eq!(record.attempts[0].attempt, 1);
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Rescued);
    assert_eq!(record.attempts[0].code, Some(ErrorCode::LeaseExpired));
    assert_eq!(record.attempts[0].finished_at_ms, later);
}

pub(super) async fn a_job_is_not_rescued_more_often_than_allowed<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(9);
    let job = tenant.submit(store).await;
    let mut now = START;
    for _ in 0..=MAX_RESCUES {
        tenant.claim(store, &job, now).await.expect("claimed");
        now = now.plus_seconds(LEASE_SECONDS);
    }
    assert_eq!(tenant.claim(store, &job, now).await, None);
    assert_eq!(tenant.read(store, &job).await.rescues, MAX_RESCUES);
}
