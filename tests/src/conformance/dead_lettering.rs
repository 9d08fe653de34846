use super::{
    LEASE_SECONDS, PAYLOAD_RETENTION_SECONDS, START, Tenant, commit, error, expires_at, query,
    retry_at,
};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::fingerprint;
use redrive_shared::ids::JobId;
use redrive_shared::job::{ErrorDetail, JobRecord, JobState};
use redrive_shared::store::{MAX_RESCUES, Store, SweepLimits};

/// When the jobs of [`Tenant::submit`] may not begin any more.
const DEADLINE: Instant = START.plus_seconds(3_600);

/// Sweeps at `now`, and sends no message again.
async fn sweep<D: Database>(store: &Store<D>, now: Instant) {
    let limits = SweepLimits {
        rows: 10,
        overdue: START.plus_millis(-1),
        overdue_bulk: START.plus_millis(-1),
        overdue_step: START.plus_millis(-1),
    };
    store.sweep(now, limits).await.expect("sweeps");
}

/// A job whose only attempt so far was told to come back later, with an error of the provider's.
async fn put_off<D: Database>(store: &Store<D>, tenant: &Tenant) -> JobId {
    let claimed = tenant.running(store).await;
    store
        .commit(&[commit(&claimed, retry_at(START.plus_seconds(30), true))])
        .await
        .expect("committed");
    claimed.id
}

pub(super) async fn a_delivery_ends_its_jobs_that_wait_past_their_deadline<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(111);
    let (fresh, retried) = (tenant.submit(store).await, put_off(store, &tenant).await);
    let (running, bystander) = (tenant.running(store).await.id, tenant.submit(store).await);
    let messages = [&fresh, &retried, &running].map(|job| tenant.message(job));
    let early = store.expire(&messages, DEADLINE.plus_millis(-1)).await;
    assert_eq!(early, Ok(vec![]));
    let mut ended = store.expire(&messages, DEADLINE).await.expect("expires");
    ended.sort_by_key(|job| job.attempt);
    let told: Vec<_> = ended.iter().map(|job| (&job.id, job.attempt)).collect();
    assert_eq!(told, [(&fresh, 0), (&retried, 1)]);
    assert_eq!(store.expire(&messages, DEADLINE).await, Ok(vec![]));
    for job in [&fresh, &retried] {
        let record = tenant.read(store, job).await;
        assert_eq!(
            (record.state, record.error_code, record.completed_at),
            (
                JobState::DeadLettered,
                Some(ErrorCode::DeadlineExceeded),
                Some(DEADLINE)
            )
        );
        let kept = Some(DEADLINE.plus_seconds(PAYLOAD_RETENTION_SECONDS));
        assert_eq!(expires_at(store, job).await, kept);
    }
    let state = tenant.read(store, &running).await.state;
    assert_eq!(state, JobState::Running, "its lease is for the sweep");
    let state = tenant.read(store, &bystander).await.state;
    assert_eq!(state, JobState::Queued, "its message did not come");
}

pub(super) async fn a_passed_deadline_keeps_what_the_provider_said_last<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(112);
    let delivered = put_off(store, &tenant).await;
    store
        .expire(&[tenant.message(&delivered)], DEADLINE)
        .await
        .expect("expires");
    let swept = put_off(store, &tenant).await;
    sweep(store, DEADLINE).await;
    for job in [delivered, swept] {
        let record = tenant.read(store, &job).await;
        assert_eq!(record.error_code, Some(ErrorCode::DeadlineExceeded));
        let told = record.error.expect("told");
        assert!(told.message.contains("deadline") && !told.retryable);
        let expected = ErrorDetail {
            message: told.message.clone(),
            retryable: false,
            cause: Some(ErrorCode::ProviderUnavailable),
            ..error("busy")
        };
        assert_eq!(told, expected);
        assert_eq!(record.attempts.len(), 1);
    }
}

/// The fingerprint as it is stored, and as [`fingerprint::of`] writes it.
async fn fingerprints<D: Database>(store: &Store<D>, record: &JobRecord) -> (String, String) {
    let sql = "SELECT fingerprint FROM jobs WHERE id = ?1";
    let rows = query(store, sql, vec![record.id.as_str().into()]).await;
    let stored = rows[0]["fingerprint"].as_str().expect("text").to_owned();
    let code = record.error_code.expect("told");
    let error = record.error.as_ref().expect("told");
    (
        stored,
        fingerprint::of(code, error, record.model.as_deref()),
    )
}

pub(super) async fn letters_of_one_cause_have_one_fingerprint_whoever_wrote_them<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(113);
    let mut nameless = tenant.job(START);
    nameless.model = None;
    store.insert_job(&nameless).await.expect("stored");
    let (never_run, put_off_job) = (tenant.submit(store).await, put_off(store, &tenant).await);
    let expired = put_off(store, &tenant).await;
    store
        .expire(&[tenant.message(&expired)], DEADLINE)
        .await
        .expect("expires");
    sweep(store, DEADLINE).await;
    let mut poisonous = tenant.job(DEADLINE);
    poisonous.model = Some("gpt:4".to_owned());
    store.insert_job(&poisonous).await.expect("stored");
    let mut now = DEADLINE;
    for _ in 0..=MAX_RESCUES {
        let claimed = tenant.claim(store, &poisonous.id, now).await;
        claimed.expect("claimed");
        now = now.plus_seconds(LEASE_SECONDS);
        sweep(store, now).await;
    }
    for (job, expected) in [
        (&nameless.id, "deadline_exceeded:-:-:-:-"),
        (&never_run, "deadline_exceeded:-:-:sim-ok:-"),
        (
            &put_off_job,
            "deadline_exceeded:provider_unavailable:openai:sim-ok:503",
        ),
        (
            &expired,
            "deadline_exceeded:provider_unavailable:openai:sim-ok:503",
        ),
        (&poisonous.id, "poison:lease_expired:-:gpt:4:-"),
    ] {
        let record = tenant.read(store, job).await;
        assert_eq!(record.state, JobState::DeadLettered);
        let (stored, written) = fingerprints(store, &record).await;
        assert_eq!((stored.as_str(), written.as_str()), (expected, expected));
    }
}
