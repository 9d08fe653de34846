use super::{
    DEADLINE_SECONDS, PAYLOAD_RETENTION_SECONDS, RESULTS, START, Tenant, answered, change, commit,
    count, error, expires_at, letter, query,
};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::{JobRecord, JobState};
use redrive_shared::store::{Deleted, Settlement, Store, TenantRow};

const JOBS: &str = "SELECT count(*) AS n FROM jobs";
const REQUESTS: &str = "SELECT count(request) AS n FROM jobs";

/// When the jobs of [`Tenant::running`] end.
const END: Instant = START.plus_millis(250);

/// How long a tenant that says nothing else keeps its jobs.
const RETENTION_SECONDS: i64 = 2_592_000;

async fn step<D: Database>(store: &Store<D>, now: Instant, rows: u32) -> (u64, u64) {
    let (deleted, _) = store.delete_expired(now, rows).await.expect("runs");
    (deleted.payloads, deleted.jobs)
}

/// A job that ended at [`END`] with this answer.
async fn succeeded<D: Database>(store: &Store<D>, tenant: &Tenant, output: &str) -> JobRecord {
    let claimed = tenant.running(store).await;
    let held = store
        .commit(&[commit(&claimed, answered(output))])
        .await
        .expect("committed");
    held[0].clone().expect("the fence held")
}

pub(super) async fn payloads_and_jobs_go_when_their_time_is_over<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(101);
    let job = succeeded(store, &tenant, "four").await;
    let waiting = tenant.submit(store).await;
    let payload_over = END.plus_seconds(PAYLOAD_RETENTION_SECONDS);
    assert_eq!(expires_at(store, &job.id).await, Some(payload_over));
    assert_eq!(step(store, payload_over.plus_millis(-1), 10).await, (0, 0));
    assert_eq!(tenant.read(store, &job.id).await, job);

    assert_eq!(step(store, payload_over, 10).await, (1, 0));
    let kept = tenant.read(store, &job.id).await;
    let mut expected = job.clone();
    expected.payload_deleted = true;
    expected.result.output = Some(String::new());
    assert_eq!(kept, expected, "history and cost stay");
    let row_over = END.plus_seconds(RETENTION_SECONDS);
    assert_eq!(expires_at(store, &job.id).await, Some(row_over));

    assert_eq!(step(store, row_over.plus_millis(-1), 10).await, (0, 0));
    assert_eq!(step(store, row_over, 10).await, (0, 1));
    assert_eq!(store.job(&tenant.id, &job.id).await, Ok(None));
    assert_eq!(count(store, RESULTS, vec![]).await, 0);
    let left = tenant.read(store, &waiting).await;
    assert!(left.state == JobState::Queued && !left.payload_deleted);
}

pub(super) async fn a_tenant_says_how_long_its_jobs_are_kept<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(102);
    let row = TenantRow {
        payload_retention_seconds: 86_400,
        retention_seconds: 172_800,
        ..TenantRow::new(tenant.id.clone(), "acme", START)
    };
    store.insert_tenant(&row, None).await.expect("stored");
    let end = [
        succeeded(store, &tenant, "four").await.id,
        letter(store, &tenant).await.id,
        failed(store, &tenant).await.id,
        cancelled(store, &tenant).await.id,
    ];
    let day = |days: i64| Some(END.plus_seconds(days * 86_400));
    for job in &end {
        assert_eq!(expires_at(store, job).await, day(1));
    }
    let late = tenant.submit(store).await;
    let deadline = START.plus_seconds(i64::from(DEADLINE_SECONDS));
    store
        .expire(&[tenant.message(&late)], deadline)
        .await
        .expect("expires");
    let kept = Some(deadline.plus_seconds(86_400));
    assert_eq!(expires_at(store, &late).await, kept);

    assert_eq!(step(store, END.plus_seconds(86_400), 10).await, (4, 0));
    for job in &end {
        assert_eq!(expires_at(store, job).await, day(2));
    }
    assert_eq!(step(store, END.plus_seconds(172_800), 10).await, (1, 4));
}

async fn failed<D: Database>(store: &Store<D>, tenant: &Tenant) -> JobRecord {
    let claimed = tenant.running(store).await;
    let refused = Settlement::Failed {
        code: ErrorCode::InvalidRequest,
        error: error("refused"),
    };
    let held = store
        .commit(&[commit(&claimed, refused)])
        .await
        .expect("committed");
    held[0].clone().expect("the fence held")
}

async fn cancelled<D: Database>(store: &Store<D>, tenant: &Tenant) -> JobRecord {
    let job = tenant.submit(store).await;
    let cancelled = store
        .cancel(&tenant.id, &job, END, None)
        .await
        .expect("runs");
    cancelled.expect("this call did it")
}

pub(super) async fn a_letter_loses_what_the_provider_quoted<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(103);
    let letter = letter(store, &tenant).await;
    let quoted = letter.error.clone().expect("told").excerpt;
    assert_eq!(quoted.as_deref(), Some("busy"));
    let over = END.plus_seconds(PAYLOAD_RETENTION_SECONDS);
    assert_eq!(step(store, over, 10).await, (1, 0));
    let kept = tenant.read(store, &letter.id).await;
    assert!(kept.payload_deleted);
    let mut expected = letter.error.expect("told");
    assert_eq!(expected.partial_output.as_deref(), Some("Once upon"));
    (expected.excerpt, expected.partial_output) = (None, None);
    assert_eq!(kept.error, Some(expected), "the rest of the reason stays");
    assert_eq!(kept.error_code, Some(ErrorCode::ProviderAuth));
    assert_eq!(count(store, REQUESTS, vec![]).await, 0);
}

pub(super) async fn a_repeated_step_changes_nothing<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(104);
    let job = succeeded(store, &tenant, "four").await;
    for (seconds, first) in [
        (PAYLOAD_RETENTION_SECONDS, (1, 0)),
        (RETENTION_SECONDS, (0, 1)),
    ] {
        let now = END.plus_seconds(seconds);
        assert_eq!(step(store, now, 10).await, first);
        let row = query(store, "SELECT * FROM jobs", vec![]).await;
        assert_eq!(step(store, now, 10).await, (0, 0));
        assert_eq!(query(store, "SELECT * FROM jobs", vec![]).await, row);
    }
    assert_eq!(store.job(&tenant.id, &job.id).await, Ok(None));
}

pub(super) async fn a_replayed_letter_is_kept<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(105);
    let letter = letter(store, &tenant).await;
    let replay = super::replaying::replay(&tenant, &letter.id, END);
    store.replay(&replay).await.expect("replayed");
    let far = END.plus_seconds(RETENTION_SECONDS);
    assert_eq!(step(store, far, 10).await, (0, 0));
    assert_eq!(count(store, REQUESTS, vec![]).await, 1);
}

pub(super) async fn a_step_is_bounded_and_the_next_goes_on<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(106);
    for _ in 0..5 {
        succeeded(store, &tenant, "four").await;
    }
    // Nothing was deleted for so long that both are over.
    let far = END.plus_seconds(RETENTION_SECONDS);
    let mut steps = Vec::new();
    for _ in 0..4 {
        steps.push(step(store, far, 3).await);
    }
    // The first step leaves three rows without a payload, whose own time is over as well; they are
    // behind the two others now.
    assert_eq!(steps, [(3, 1), (2, 3), (0, 1), (0, 0)]);
    assert_eq!(count(store, JOBS, vec![]).await, 0);
    assert_eq!(count(store, RESULTS, vec![]).await, 0);
}

pub(super) async fn undecodable_messages_go_after_their_time<D: Database>(store: &Store<D>) {
    for (id, seconds) in [("m1", 0), ("m2", 0), ("m3", 1)] {
        let received = START.plus_seconds(seconds);
        store
            .record_undecodable(id, "redrive-jobs", "not JSON", "{", received)
            .await
            .expect("recorded");
    }
    let month = START.plus_seconds(30 * 86_400);
    let mut steps = Vec::new();
    for (now, rows) in [
        (month.plus_millis(-1), 9),
        (month, 1),
        (month, 9),
        (month, 9),
    ] {
        let (deleted, _) = store.delete_expired(now, rows).await.expect("runs");
        steps.push(deleted.undecodable_messages);
        assert_eq!((deleted.payloads, deleted.jobs), (0, 0));
    }
    assert_eq!(steps, [0, 1, 1, 0]);
    let all = store.delete_expired(month.plus_seconds(1), 9).await;
    let last = Deleted {
        undecodable_messages: 1,
        ..Deleted::default()
    };
    assert_eq!(all.map(|(deleted, _)| deleted), Ok(last));
}

pub(super) async fn usage_outlives_its_jobs_and_goes_after_400_days<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(107);
    for _ in 0..2 {
        succeeded(store, &tenant, "four").await;
    }
    let refused = failed(store, &tenant).await;
    change(
        store,
        "UPDATE usage_daily SET model = 'another' WHERE calls = 3",
        vec![],
    )
    .await;
    let claimed = tenant.running(store).await;
    store
        .commit(&[commit(&claimed, answered("four"))])
        .await
        .expect("committed");
    for seconds in [PAYLOAD_RETENTION_SECONDS, RETENTION_SECONDS] {
        step(store, END.plus_seconds(seconds), 10).await;
    }
    assert_eq!(store.job(&tenant.id, &refused.id).await, Ok(None));
    let midnight = START.plus_millis(-START.as_millis() % 86_400_000);
    let kept_until = midnight.plus_seconds(400 * 86_400);
    let mut steps = Vec::new();
    for (now, rows) in [
        (kept_until.plus_millis(-1), 9),
        (kept_until, 1),
        (kept_until, 9),
        (kept_until, 9),
    ] {
        let (deleted, _) = store.delete_expired(now, rows).await.expect("runs");
        assert_eq!((deleted.payloads, deleted.jobs), (0, 0));
        steps.push(deleted.usage);
    }
    assert_eq!(steps, [0, 1, 1, 0]);
}
