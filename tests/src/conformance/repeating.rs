use super::{LEASE_SECONDS, START, Tenant, answered, commit};
use redrive_shared::database::Database;
use redrive_shared::job::JobState;
use redrive_shared::store::Store;

pub(super) async fn a_repeated_claim_gives_the_same_claims_and_no_new_attempt<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(61);
    let (fresh, suspect) = (tenant.submit(store).await, tenant.running(store).await);
    let delivery = tenant.delivery();
    let now = START.plus_seconds(LEASE_SECONDS);
    let mut rounds = Vec::new();
    for _ in 0..3 {
        let terms = (&delivery, now, true);
        let mut claims = tenant.claim_all(store, &[&fresh, &suspect.id], terms).await;
        claims.claimed.sort_by(|one, other| one.id.cmp(&other.id));
        rounds.push(claims.claimed);
    }
    let mut attempts: Vec<u32> = rounds[0].iter().map(|job| job.attempt).collect();
    attempts.sort_unstable();
    assert_eq!(attempts, [1, 2]);
    assert!(rounds.iter().all(|claimed| *claimed == rounds[0]));
    let record = tenant.read(store, &suspect.id).await;
    assert_eq!((record.rescues, record.attempts.len()), (1, 1));
}

pub(super) async fn a_repeated_claim_extends_the_lease<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(62);
    let job = tenant.submit(store).await;
    let delivery = tenant.delivery();
    tenant
        .claim_all(store, &[&job], (&delivery, START, false))
        .await;
    let later = START.plus_millis(300);
    let claims = tenant
        .claim_all(store, &[&job], (&delivery, later, false))
        .await;
    let claimed = &claims.claimed[0];
    assert_eq!(
        (claimed.attempt, claimed.started_at, claimed.lease_until),
        (1, later, later.plus_seconds(LEASE_SECONDS))
    );
}

pub(super) async fn a_claim_of_another_delivery_gets_nothing<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(63);
    let job = tenant.submit(store).await;
    let (first, second) = (tenant.delivery(), tenant.delivery());
    let claims = tenant
        .claim_all(store, &[&job], (&first, START, true))
        .await;
    assert!(claims.got(&tenant.message(&job)));
    let claims = tenant
        .claim_all(store, &[&job], (&second, START, true))
        .await;
    assert!(claims.claimed.is_empty());
    let standing = claims.standing(&tenant.message(&job)).expect("known");
    assert_eq!(
        (standing.state, standing.due_at),
        (JobState::Running, Some(START.plus_seconds(LEASE_SECONDS)))
    );
    assert_eq!(tenant.read(store, &job).await.attempt, 1);
}

pub(super) async fn a_claim_repeated_after_the_commit_gets_nothing<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(64);
    let job = tenant.submit(store).await;
    let delivery = tenant.delivery();
    let terms = (&delivery, START, false);
    let claims = tenant.claim_all(store, &[&job], terms).await;
    store
        .commit(&[commit(&claims.claimed[0], answered("four"))])
        .await
        .expect("committed");
    let claims = tenant.claim_all(store, &[&job], terms).await;
    assert!(claims.claimed.is_empty());
    let record = tenant.read(store, &job).await;
    assert_eq!((record.state, record.attempt), (JobState::Succeeded, 1));
}
