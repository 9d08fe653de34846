use super::sweeping::sweep;
use super::{START, Tenant, count, letter, query};
use redrive_shared::audit::{Actor, Deed};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::dead_letter::filter::DeadLetterFilter;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::idempotency::{Idempotency, IdempotencyKey};
use redrive_shared::ids::{AuditId, JobId, KeyId, ReplayId};
use redrive_shared::message::Task;
use redrive_shared::replay::Overrides;
use redrive_shared::store::{
    NewReplays, PutBack, ReplayControl, ReplayMove, ReplayRow, ReplayStatus, Store,
};

pub(super) const NOW: Instant = START.plus_seconds(600);
const BEGUN: &str = "SELECT count(*) AS n FROM audit_log WHERE action = 'replay.create'";
pub(super) const ITEMS: &str = "SELECT count(*) AS n FROM replay_items";

pub(super) fn new(tenant: &Tenant) -> NewReplays {
    NewReplays {
        id: ReplayId::new(NOW, &tenant.entropy),
        tenant_id: tenant.id.clone(),
        now: NOW,
        actor: Actor::Key(KeyId::new(NOW, &tenant.entropy)),
        note: Some("a new key".to_owned()),
        filter: DeadLetterFilter::default(),
        overrides: Overrides {
            max_attempts: Some(2),
            ..Overrides::default()
        },
        max_per_second: 10,
        due_at: NOW.plus_seconds(1),
        sample: None,
    }
}

pub(super) async fn letters<D: Database>(
    store: &Store<D>,
    tenant: &Tenant,
    number: usize,
) -> Vec<JobId> {
    let mut made = Vec::new();
    for _ in 0..number {
        made.push(letter(store, tenant).await.id);
    }
    made.sort_unstable();
    made
}

pub(super) async fn begun<D: Database>(store: &Store<D>, new: &NewReplays) -> ReplayRow {
    let standing = store.insert_replays(new, None).await.expect("runs");
    assert_eq!(standing.active.as_ref(), Some(&new.id));
    let row = store.find_replays(&new.tenant_id, &new.id).await;
    row.expect("reads").expect("it is there")
}

fn put_back(jobs: &[JobId]) -> Vec<PutBack> {
    let letter = |id: &JobId| PutBack {
        id: id.clone(),
        chain: None,
    };
    jobs.iter().map(letter).collect()
}

/// A step that puts these back, and is followed by another.
pub(super) fn step(tenant: &Tenant, jobs: &[JobId]) -> ReplayMove {
    ReplayMove {
        now: NOW.plus_seconds(1),
        letters: put_back(jobs),
        looked_at: jobs.len(),
        last: jobs.last().cloned(),
        status: ReplayStatus::Running,
        reason: None,
        due_at: Some(NOW.plus_seconds(2)),
        sample_passed: false,
        audit_id: AuditId::new(NOW, &tenant.entropy),
    }
}

pub(super) async fn moved<D: Database>(
    store: &Store<D>,
    row: &ReplayRow,
    step: &ReplayMove,
) -> ReplayRow {
    let after = store.move_replays(row, step).await.expect("runs");
    after.expect("it is there")
}

pub(super) async fn a_replay_begins_where_letters_match<D: Database>(store: &Store<D>) {
    let (tenant, stranger) = (Tenant::new(181), Tenant::new(1810));
    letters(store, &tenant, 3).await;
    letters(store, &stranger, 1).await;
    let nothing = NewReplays {
        filter: DeadLetterFilter {
            code: Some(ErrorCode::Poison),
            ..DeadLetterFilter::default()
        },
        ..new(&tenant)
    };
    let standing = store.insert_replays(&nothing, None).await.expect("runs");
    assert_eq!((standing.matched, standing.active), (None, None));
    let first = new(&tenant);
    for _ in 0..2 {
        let standing = store.insert_replays(&first, None).await.expect("runs");
        assert_eq!(standing.matched, Some(3));
        assert_eq!(standing.active, Some(first.id.clone()));
    }
    let second = store.insert_replays(&new(&tenant), None).await;
    let second = second.expect("runs");
    assert_eq!(
        (second.matched, second.active),
        (None, Some(first.id.clone()))
    );
    let other = store.insert_replays(&new(&stranger), None).await;
    assert_eq!(other.expect("runs").matched, Some(1));
    assert_eq!(count(store, BEGUN, vec![]).await, 2);
    let row = begun(store, &first).await;
    assert_eq!(
        (row.matched, row.replayed, row.skipped, row.step),
        (3, 0, 0, 0)
    );
    assert_eq!(
        (row.status, row.due_at),
        (ReplayStatus::Running, Some(first.due_at))
    );
    assert_eq!((row.filter, row.overrides), (first.filter, first.overrides));
    let entry = query(
        store,
        "SELECT id, detail ->> '$.matched' AS n FROM audit_log WHERE tenant_id = ?1",
        vec![tenant.id.as_str().into()],
    )
    .await;
    assert_eq!(entry[0]["id"], first.id.entry().as_str());
    assert_eq!(entry[0]["n"], 3);
    assert_eq!(store.find_replays(&stranger.id, &first.id).await, Ok(None));
}

pub(super) async fn a_key_of_a_replay_of_many_names_one<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(182);
    letters(store, &tenant, 2).await;
    let key = |body: &str| {
        let key = IdempotencyKey::parse(b"k").expect("a key");
        Idempotency::of_body(key, &serde_json::json!(body))
    };
    let first = new(&tenant);
    let standing = store.insert_replays(&first, Some(&key("a"))).await;
    assert_eq!(standing.expect("runs").matched, Some(2));
    let deed = Deed::new(NOW, &tenant.entropy, Actor::Operator);
    let aborted = store.control_replays(&tenant.id, &first.id, ReplayControl::Abort, &deed);
    aborted.await.expect("runs");
    let again = store.insert_replays(&new(&tenant), Some(&key("a"))).await;
    let again = again.expect("runs");
    assert_eq!((again.matched, again.active), (None, None));
    let (holder, matched) = again.key_holder.expect("somebody has it");
    assert_eq!(
        (holder.id, holder.request_hash, matched),
        (first.id, key("a").request_hash, 2)
    );
    let day_after = NewReplays {
        now: NOW.plus_seconds(86_400),
        ..new(&tenant)
    };
    let fresh = store.insert_replays(&day_after, Some(&key("b"))).await;
    assert_eq!(fresh.expect("runs").matched, Some(2));
}

pub(super) async fn a_beginning_that_is_repeated_after_the_end_finds_its_own<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(180);
    letters(store, &tenant, 2).await;
    let first = new(&tenant);
    begun(store, &first).await;
    let deed = Deed::new(NOW, &tenant.entropy, Actor::Operator);
    let aborted = store.control_replays(&tenant.id, &first.id, ReplayControl::Abort, &deed);
    aborted.await.expect("runs");
    let again = store.insert_replays(&first, None).await.expect("runs");
    assert_eq!((again.matched, again.active), (Some(2), None));
    assert_eq!(count(store, BEGUN, vec![]).await, 1);
}

pub(super) async fn an_operator_moves_a_replay<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(187);
    let made = letters(store, &tenant, 3).await;
    let row = begun(store, &new(&tenant)).await;
    let control = async |control: ReplayControl| {
        let deed = Deed::new(NOW.plus_seconds(5), &tenant.entropy, Actor::Operator);
        let row = store
            .control_replays(&tenant.id, &row.id, control, &deed)
            .await;
        row.expect("runs").expect("it is there")
    };
    let paused = control(ReplayControl::Pause).await;
    assert_eq!(
        (paused.status, paused.due_at, paused.step),
        (ReplayStatus::Paused, None, 1)
    );
    assert_eq!(control(ReplayControl::Pause).await, paused);
    let fenced = moved(store, &row, &step(&tenant, &made)).await;
    assert_eq!(fenced, paused, "a step that was under way is fenced off");
    assert_eq!(count(store, ITEMS, vec![]).await, 0);
    let due_at = NOW.plus_seconds(6);
    let resumed = control(ReplayControl::Resume(due_at)).await;
    assert_eq!(
        (resumed.status, resumed.due_at),
        (ReplayStatus::Running, Some(due_at))
    );
    let aborted = control(ReplayControl::Abort).await;
    assert_eq!(
        (aborted.status, aborted.finished_at),
        (ReplayStatus::Aborted, Some(NOW.plus_seconds(5)))
    );
    for wish in [
        ReplayControl::Pause,
        ReplayControl::Resume(due_at),
        ReplayControl::Abort,
    ] {
        assert_eq!(control(wish).await, aborted);
    }
    let entries = "SELECT group_concat(action, ' ') AS n FROM (SELECT action FROM audit_log WHERE action LIKE 'replay.%' AND action <> 'replay.create' ORDER BY action)";
    let entries = query(store, entries, vec![]).await;
    assert_eq!(entries[0]["n"], "replay.abort replay.pause replay.resume");
    let listed = store
        .list_replays(&tenant.id, None, 10)
        .await
        .expect("reads");
    assert_eq!(listed, std::slice::from_ref(&aborted));
    let older = store.list_replays(&tenant.id, Some(&aborted.id), 10).await;
    assert_eq!(older, Ok(vec![]));
}

pub(super) async fn an_overdue_step_is_sent_again<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(188);
    letters(store, &tenant, 1).await;
    let row = begun(store, &new(&tenant)).await;
    let sweep = async |now| sweep(store, now).await.steps;
    assert!(sweep(NOW.plus_seconds(60)).await.is_empty());
    let steps = sweep(NOW.plus_seconds(61)).await;
    assert_eq!(
        (steps.len(), &steps[0].task),
        (1, &Task::Replay(row.id.clone()))
    );
    assert_eq!(steps[0].tenant_id, tenant.id);
    assert!(
        sweep(NOW.plus_seconds(62)).await.is_empty(),
        "until the grace is over again"
    );
}

pub(super) async fn an_ended_replay_goes_after_its_time<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(189);
    let made = letters(store, &tenant, 2).await;
    let row = begun(store, &new(&tenant)).await;
    let last = ReplayMove {
        status: ReplayStatus::Completed,
        due_at: None,
        ..step(&tenant, &made)
    };
    moved(store, &row, &last).await;
    let kept = last.now.plus_seconds(30 * 86_400);
    store
        .delete_expired(kept.plus_millis(-1), 10)
        .await
        .expect("runs");
    assert_eq!(count(store, ITEMS, vec![]).await, 2);
    let (deleted, _) = store.delete_expired(kept, 10).await.expect("runs");
    assert_eq!((deleted.replay_items, deleted.replays), (2, 1));
    assert_eq!(store.find_replays(&tenant.id, &row.id).await, Ok(None));
}
