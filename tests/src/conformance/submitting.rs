use super::{START, Tenant, count};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::idempotency::{Idempotency, IdempotencyKey, KEPT_SECONDS};
use redrive_shared::ids::JobId;
use redrive_shared::store::Store;
use serde_json::json;

const JOBS: &str = "SELECT count(*) AS n FROM jobs";

pub(super) fn named(key: &str, prompt: &str) -> Idempotency {
    let key = IdempotencyKey::parse(key.as_bytes()).expect("a key");
    Idempotency::of_body(key, &json!({ "prompt": prompt }))
}

/// Submits a fresh job with a key, and gives back its id and that of the job which has the key.
async fn submit<D: Database>(
    store: &Store<D>,
    tenant: &Tenant,
    now: Instant,
    key: &Idempotency,
) -> (JobId, JobId, String) {
    let job = tenant.job(now);
    let holder = store.insert_job_once(&job, key).await.expect("runs");
    (job.id, holder.id, holder.request_hash)
}

pub(super) async fn an_idempotency_key_makes_one_job<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(121);
    let key = named("k1", "hello");
    let (first, holder, hash) = submit(store, &tenant, START, &key).await;
    assert_eq!((&holder, &hash), (&first, &key.request_hash));
    let (_, holder, _) = submit(store, &tenant, START, &key).await;
    assert_eq!(holder, first);
    let other = named("k1", "goodbye");
    let (_, holder, hash) = submit(store, &tenant, START, &other).await;
    assert_eq!((&holder, &hash), (&first, &key.request_hash));
    assert_ne!(hash, other.request_hash);
    let (second, holder, _) = submit(store, &tenant, START, &named("k2", "hello")).await;
    assert_eq!(holder, second);
    assert_eq!(count(store, JOBS, vec![]).await, 2);
    // Its answer was lost: the same job is stored again.
    let job = tenant.job(START);
    for _ in 0..2 {
        let holder = store.insert_job_once(&job, &named("k3", "hello")).await;
        assert_eq!(holder.expect("runs").id, job.id);
    }
    assert_eq!(count(store, JOBS, vec![]).await, 3);
}

pub(super) async fn a_key_is_the_tenants_own<D: Database>(store: &Store<D>) {
    let (one, other) = (Tenant::new(122), Tenant::new(1220));
    let key = named("k1", "hello");
    for tenant in [&one, &other] {
        let (job, holder, _) = submit(store, tenant, START, &key).await;
        assert_eq!(job, holder);
    }
    assert_eq!(count(store, JOBS, vec![]).await, 2);
}

pub(super) async fn a_key_names_a_new_job_after_a_day<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(123);
    let key = named("k1", "hello");
    let (first, ..) = submit(store, &tenant, START, &key).await;
    let day = START.plus_seconds(KEPT_SECONDS);
    let (_, holder, _) = submit(store, &tenant, day.plus_millis(-1), &key).await;
    assert_eq!(holder, first);
    let (second, holder, _) = submit(store, &tenant, day, &key).await;
    assert_eq!(holder, second);
    tenant.read(store, &first).await;
    assert_eq!(count(store, JOBS, vec![]).await, 2);
}
