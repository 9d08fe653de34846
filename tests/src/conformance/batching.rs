use super::sweeping::sweep;
use super::{START, Tenant, answered, commit, count, dead};
use redrive_shared::audit::{Actor, Deed};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::idempotency::{Idempotency, IdempotencyKey};
use redrive_shared::ids::{BatchId, FileId, JobId};
use redrive_shared::job::{ErrorDetail, JobState};
use redrive_shared::message::Task;
use redrive_shared::store::{
    BatchFilter, BatchGround, BatchJob, BatchJobs, BatchMove, BatchPart, BatchRecord, BatchStatus,
    NewBatch, Place, Store,
};
use std::collections::BTreeMap;

/// When the steps of the cases are taken.
pub(super) const NOW: Instant = START.plus_seconds(10);
const JOBS: &str = "SELECT count(*) AS n FROM jobs";
const COMPLETIONS: &str = "SELECT count(*) AS n FROM batch_completions";

pub(super) fn new(tenant: &Tenant, lines: u32) -> NewBatch {
    NewBatch {
        tenant_id: tenant.id.clone(),
        id: BatchId::new(START, &tenant.entropy),
        status: BatchStatus::InProgress,
        endpoint: None,
        file_id: FileId::new(START, &tenant.entropy),
        name: Some("nightly".to_owned()),
        metadata: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        skips_invalid: true,
        defaults: serde_json::Map::from_iter([("model".to_owned(), "m".into())]),
        lines,
        invalid_lines: 0,
        created_at: START,
        window_ends_at: None,
        output_seconds: None,
        file_kept_until: NOW,
    }
}

/// The job of a line; with a code one that is failed from the start.
fn line(batch: &BatchId, place: u32, code: Option<ErrorCode>) -> BatchJob {
    let error = ErrorDetail::ours("it has no prompt", false);
    BatchJob {
        id: batch.job(place),
        kind: "generate",
        max_attempts: 1,
        deadline_seconds: 3_600,
        model: Some("sim-ok".to_owned()),
        line: place + 1,
        custom_id: Some(format!("c\"{place}")),
        ref_type: None,
        ref_id: None,
        metadata: "{}".to_owned(),
        code: code.map(ErrorCode::as_str),
        error: code.and_then(|_| serde_json::to_string(&error).ok()),
        request: r#"{"messages":["\"ü\" \\u0000"]}"#.to_owned(),
    }
}

/// A step that leaves a batch there.
pub(super) fn step(record: &BatchRecord, status: BatchStatus, jobs: u32) -> BatchMove {
    BatchMove {
        status,
        due_at: (!status.is_terminal()).then_some(NOW.plus_seconds(1)),
        at: Place { jobs, ..record.at },
        sample: record.sample,
        lines: record.lines,
        finding: None,
        unreadable_at: None,
    }
}

pub(super) async fn found<D: Database>(
    store: &Store<D>,
    batch: &NewBatch,
) -> (BatchRecord, BatchGround) {
    let found = store.batch_for_step(&batch.tenant_id, &batch.id).await;
    found.expect("reads").expect("it is there")
}

/// A batch whose lines are jobs.
async fn made<D: Database>(
    store: &Store<D>,
    tenant: &Tenant,
    lines: u32,
) -> (NewBatch, Vec<JobId>) {
    let batch = new(tenant, lines);
    store.insert_batch(&batch, None).await.expect("stored");
    let (record, ground) = found(store, &batch).await;
    let jobs: Vec<String> = (0..lines)
        .map(|place| line(&batch.id, place, None).encode())
        .collect();
    let groups = BatchJobs::Made(vec![format!("[{}]", jobs.join(","))]);
    let moved = step(&record, BatchStatus::InProgress, lines);
    let is_taken = store.move_batch(&record, &ground, &groups, &moved, NOW);
    assert_eq!(is_taken.await, Ok(true));
    let ids = (0..lines).map(|place| batch.id.job(place)).collect();
    (batch, ids)
}

/// Queued, running, waiting to be tried again, succeeded, failed, dead, cancelled; and endings.
async fn counts<D: Database>(store: &Store<D>, batch: &NewBatch) -> ([u32; 7], u32) {
    let (record, _) = found(store, batch).await;
    let counts = record.counts;
    let counts = [
        counts.queued,
        counts.running,
        counts.retry_scheduled,
        counts.succeeded,
        counts.failed,
        counts.dead_lettered,
        counts.cancelled,
    ];
    (counts, record.completions)
}

fn key(body: &str) -> Idempotency {
    let key = IdempotencyKey::parse(b"k").expect("a key");
    Idempotency::of_body(key, &serde_json::json!(body))
}

pub(super) async fn a_key_of_a_batch_names_one<D: Database>(store: &Store<D>) {
    let (tenant, stranger) = (Tenant::new(211), Tenant::new(2110));
    let first = new(&tenant, 2);
    for _ in 0..2 {
        let holder = store.insert_batch(&first, Some(&key("a"))).await;
        assert_eq!(holder.expect("stored").id, first.id);
    }
    let (record, ground) = found(store, &first).await;
    assert_eq!(
        (record.status, record.due_at, record.step),
        (BatchStatus::InProgress, Some(START), 0)
    );
    assert_eq!(
        (record.name, record.metadata),
        (first.name.clone(), first.metadata.clone())
    );
    assert_eq!((record.defaults, record.lines), (first.defaults.clone(), 2));
    assert_eq!(ground.active, 1);
    assert_eq!(store.find_batch(&stranger.id, &first.id).await, Ok(None));
    let second = store.insert_batch(&new(&tenant, 2), Some(&key("b"))).await;
    let second = second.expect("runs");
    assert_eq!(
        (&second.id, second.request_hash),
        (&first.id, key("a").request_hash)
    );
    let foreign = new(&stranger, 2);
    let holder = store.insert_batch(&foreign, Some(&key("a"))).await;
    assert_eq!(holder.expect("stored").id, foreign.id);
    let day_after = NewBatch {
        created_at: START.plus_seconds(86_400),
        ..new(&tenant, 2)
    };
    let given = key("b").key;
    let held = store.batch_of_key(&tenant.id, &given, START.plus_seconds(86_399));
    assert_eq!(
        held.await.expect("reads").map(|holder| holder.id),
        Some(first.id)
    );
    let held = store.batch_of_key(&tenant.id, &given, day_after.created_at);
    assert_eq!(held.await, Ok(None));
    let holder = store.insert_batch(&day_after, Some(&key("b"))).await;
    assert_eq!(holder.expect("stored").id, day_after.id);
}

pub(super) async fn of_two_steps_of_a_batch_one_makes_its_jobs<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(212);
    let batch = new(&tenant, 4);
    store.insert_batch(&batch, None).await.expect("stored");
    let (record, ground) = found(store, &batch).await;
    let invalid = Some(ErrorCode::InvalidRequest);
    let groups = [
        format!(
            "[{},{}]",
            line(&batch.id, 0, None).encode(),
            line(&batch.id, 1, invalid).encode()
        ),
        format!("[{}]", line(&batch.id, 2, None).encode()),
    ];
    let more = BatchJobs::Made(vec![format!("[{}]", line(&batch.id, 3, None).encode())]);
    let groups = BatchJobs::Made(groups.to_vec());
    let moved = step(&record, BatchStatus::InProgress, 3);
    let take = async |jobs: &BatchJobs, moved: &BatchMove| {
        let is_taken = store.move_batch(&record, &ground, jobs, moved, NOW);
        is_taken.await.expect("runs")
    };
    assert!(take(&groups, &moved).await);
    assert!(!take(&groups, &moved).await, "the same once more");
    let beyond = step(&record, BatchStatus::InProgress, 4);
    assert!(!take(&more, &beyond).await, "another step at the same time");
    let (after, _) = found(store, &batch).await;
    assert_eq!(
        (after.step, after.at.jobs, after.started_at),
        (1, 3, Some(NOW))
    );
    assert_eq!(count(store, JOBS, vec![]).await, 3);
    assert_eq!(counts(store, &batch).await, ([2, 0, 0, 0, 1, 0, 0], 1));
    let job = tenant.read(store, &batch.id.job(0)).await;
    assert_eq!((job.batch_id, job.line), (Some(batch.id.clone()), Some(1)));
    assert_eq!(job.custom_id.as_deref(), Some("c\"0"));
    assert_eq!((job.created_at, job.due_at), (START, Some(NOW)));
    assert_eq!(job.deadline_at, NOW.plus_seconds(3_600));
    let request =
        "SELECT count(*) AS n FROM jobs WHERE request ->> '$.messages[0]' = ?1 AND bulk = 1";
    let asked = "\"ü\" \\u0000".to_owned();
    assert_eq!(count(store, request, vec![asked.into()]).await, 3);
    let failed = tenant.read(store, &batch.id.job(1)).await;
    assert_eq!(
        (failed.state, failed.error_code),
        (JobState::Failed, invalid)
    );
}

pub(super) async fn counts_follow_the_jobs_and_endings_are_numbered<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(213);
    let (batch, jobs) = made(store, &tenant, 4).await;
    assert_eq!(counts(store, &batch).await, ([4, 0, 0, 0, 0, 0, 0], 0));
    let third = tenant.claim(store, &jobs[2], NOW).await.expect("claimed");
    let first = tenant.claim(store, &jobs[0], NOW).await.expect("claimed");
    assert_eq!(counts(store, &batch).await, ([2, 2, 0, 0, 0, 0, 0], 0));
    let ends = [
        commit(&third, dead(ErrorCode::ProviderAuth)),
        commit(&first, answered("yes")),
    ];
    for _ in 0..2 {
        store.commit(&ends).await.expect("committed");
    }
    assert_eq!(counts(store, &batch).await, ([2, 0, 0, 1, 0, 1, 0], 2));
    let deed = Deed::new(NOW, &tenant.entropy, Actor::Operator);
    let cancelled = store.cancel(&tenant.id, &jobs[1], NOW, Some(&deed)).await;
    cancelled.expect("runs");
    let letters = store.dead_letters_of_batch(&tenant.id, &batch.id).await;
    assert_eq!(letters, Ok(vec![(ErrorCode::ProviderAuth, 1)]));
    let (record, _) = found(store, &batch).await;
    assert_eq!(record.cost_micro_usd, Some(super::COST));
    let alone = super::replaying::replay(&tenant, &jobs[2], NOW.plus_seconds(60));
    store.replay(&alone).await.expect("runs");
    assert_eq!(counts(store, &batch).await, ([2, 0, 0, 1, 0, 0, 1], 3));
    let again = tenant.claim(store, &jobs[2], NOW.plus_seconds(60)).await;
    let again = commit(&again.expect("claimed"), answered("now"));
    store.commit(&[again]).await.expect("committed");
    assert_eq!(counts(store, &batch).await, ([1, 0, 0, 2, 0, 0, 1], 4));
    let page = async |after: u32, limit: u32| {
        let page = store.completions_of_batch(&tenant.id, &batch.id, after, limit);
        let page = page.await.expect("reads");
        let told = page.into_iter().map(|one| (one.sequence, one.job.id));
        told.collect::<Vec<_>>()
    };
    let expected =
        [(1, 2), (2, 0), (3, 1), (4, 2)].map(|(number, job)| (number, jobs[job].clone()));
    assert_eq!(page(0, 10).await, expected);
    assert_eq!(page(1, 2).await, expected[1..3]);
    assert_eq!(page(4, 10).await, []);
}

pub(super) async fn a_cancelled_batch_takes_no_step_but_its_own<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(214);
    let (batch, jobs) = made(store, &tenant, 3).await;
    tenant.claim(store, &jobs[1], NOW).await.expect("claimed");
    let (before, ground) = found(store, &batch).await;
    let deed = Deed::new(NOW, &tenant.entropy, Actor::Operator);
    let cancel = async || store.cancel_batch(&tenant.id, &batch.id, NOW, &deed).await;
    assert_eq!((cancel().await, cancel().await), (Ok(true), Ok(false)));
    let entries = "SELECT count(*) AS n FROM audit_log WHERE action = 'batch.cancel'";
    assert_eq!(count(store, entries, vec![]).await, 1);
    let stop = BatchJobs::Cancelled(1);
    let late = step(&before, BatchStatus::InProgress, 3);
    let is_taken = store.move_batch(&before, &ground, &stop, &late, NOW);
    assert_eq!(is_taken.await, Ok(false), "a step that was under way");
    assert_eq!(counts(store, &batch).await, ([2, 1, 0, 0, 0, 0, 0], 0));
    for (left, ended) in [(1, 1), (0, 2), (0, 2)] {
        let (record, ground) = found(store, &batch).await;
        assert_eq!(record.status, BatchStatus::Cancelling);
        let moved = step(&record, BatchStatus::Cancelling, 3);
        let is_taken = store.move_batch(&record, &ground, &stop, &moved, NOW);
        assert_eq!(is_taken.await, Ok(true));
        assert_eq!(
            counts(store, &batch).await,
            ([left, 1, 0, 0, 0, 0, ended], ended)
        );
    }
    let (record, ground) = found(store, &batch).await;
    let over = step(&record, BatchStatus::Cancelled, 3);
    let is_taken = store.move_batch(&record, &ground, &BatchJobs::Left, &over, NOW);
    assert_eq!(is_taken.await, Ok(true));
    let (record, ground) = found(store, &batch).await;
    assert_eq!(
        (record.completed_at, record.due_at, ground.active),
        (Some(NOW), None, 0)
    );
    let is_taken = store.move_batch(&record, &ground, &BatchJobs::Left, &over, NOW);
    assert_eq!(is_taken.await, Ok(false), "it has ended");
}

pub(super) async fn results_of_a_batch_are_read_in_pages<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(215);
    let (batch, jobs) = made(store, &tenant, 4).await;
    let (_, others) = made(store, &Tenant::new(2150), 2).await;
    let running = tenant.claim(store, &jobs[0], NOW).await.expect("claimed");
    let dies = tenant.claim(store, &jobs[2], NOW).await.expect("claimed");
    let ends = [
        commit(&running, answered("yes")),
        commit(&dies, dead(ErrorCode::ProviderAuth)),
    ];
    store.commit(&ends).await.expect("committed");
    let page = async |part, after, limit| {
        let page = store.jobs_of_batch(&tenant.id, &batch.id, part, after, limit);
        let page = page.await.expect("reads");
        page.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(page(BatchPart::All, None, 10).await, jobs);
    assert_eq!(page(BatchPart::All, Some(&jobs[0]), 2).await, jobs[1..3]);
    assert_eq!(page(BatchPart::Unsuccessful, None, 10).await, jobs[2..3]);
    assert_eq!(page(BatchPart::Unsuccessful, Some(&jobs[2]), 10).await, []);
    assert!(others.iter().all(|other| !jobs.contains(other)));
}

pub(super) async fn batches_are_listed_newest_first_and_by_page<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(216);
    let mut ids = Vec::new();
    for second in 0..3 {
        let created_at = START.plus_seconds(second);
        let batch = NewBatch {
            id: BatchId::new(created_at, &tenant.entropy),
            created_at,
            endpoint: (second == 1).then(|| "/v1/responses".to_owned()),
            ..new(&tenant, 1)
        };
        store.insert_batch(&batch, None).await.expect("stored");
        ids.insert(0, batch.id);
    }
    let deed = Deed::new(NOW, &tenant.entropy, Actor::Operator);
    let cancelled = store.cancel_batch(&tenant.id, &ids[0], NOW, &deed).await;
    assert_eq!(cancelled, Ok(true));
    let page = async |filter: BatchFilter, after, limit| {
        let page = store.batches(&tenant.id, &filter, after, limit).await;
        let page = page.expect("reads").into_iter();
        page.map(|batch| batch.id).collect::<Vec<_>>()
    };
    let all = BatchFilter::default;
    assert_eq!(page(all(), None, 10).await, ids);
    assert_eq!(page(all(), Some(&ids[0]), 1).await, ids[1..2]);
    let status = Some(BatchStatus::Cancelling);
    assert_eq!(
        page(BatchFilter { status, ..all() }, None, 10).await,
        ids[..1]
    );
    let compatible_only = true;
    assert_eq!(
        page(
            BatchFilter {
                compatible_only,
                ..all()
            },
            None,
            10
        )
        .await,
        ids[1..2]
    );
    let created_from = Some(START.plus_seconds(1));
    assert_eq!(
        page(
            BatchFilter {
                created_from,
                ..all()
            },
            None,
            10
        )
        .await,
        ids[..2]
    );
    let created_before = Some(START.plus_seconds(1));
    assert_eq!(
        page(
            BatchFilter {
                created_before,
                ..all()
            },
            None,
            10
        )
        .await,
        ids[2..]
    );
}

pub(super) async fn an_overdue_step_of_a_batch_is_sent_again<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(217);
    let batch = new(&tenant, 1);
    store.insert_batch(&batch, None).await.expect("stored");
    let sweep = async |now| sweep(store, now).await.steps;
    assert!(sweep(START.plus_seconds(59)).await.is_empty());
    let steps = sweep(START.plus_seconds(60)).await;
    assert_eq!(
        (steps.len(), &steps[0].task),
        (1, &Task::Batch(batch.id.clone()))
    );
    assert!(
        sweep(START.plus_seconds(61)).await.is_empty(),
        "until the grace is over again"
    );
    let (record, _) = found(store, &batch).await;
    assert_eq!(
        record.step, 0,
        "the fence of a step that is under way holds"
    );
}

pub(super) async fn an_ended_batch_goes_after_its_time<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(218);
    let (batch, jobs) = made(store, &tenant, 1).await;
    let running = tenant.claim(store, &jobs[0], NOW).await.expect("claimed");
    let ends = [commit(&running, answered("yes"))];
    store.commit(&ends).await.expect("committed");
    let (record, ground) = found(store, &batch).await;
    let over = step(&record, BatchStatus::Completed, 1);
    let is_taken = store.move_batch(&record, &ground, &BatchJobs::Left, &over, NOW);
    assert_eq!(is_taken.await, Ok(true));
    let kept = NOW.plus_seconds(30 * 86_400);
    store
        .delete_expired(kept.plus_millis(-1), 10)
        .await
        .expect("runs");
    assert_eq!(count(store, COMPLETIONS, vec![]).await, 1);
    let (deleted, _) = store.delete_expired(kept, 10).await.expect("runs");
    assert_eq!(deleted.batches, 1);
    assert_eq!(count(store, COMPLETIONS, vec![]).await, 0);
    assert_eq!(store.find_batch(&tenant.id, &batch.id).await, Ok(None));
}
