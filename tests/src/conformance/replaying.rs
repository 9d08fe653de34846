use super::{
    MODEL, PAYLOAD_RETENTION_SECONDS, START, Tenant, answered, commit, count, expires_at, letter,
    query, submitting,
};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::dead_letter::filter::DeadLetterFilter;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::{AuditId, JobId, KeyId};
use redrive_shared::job::{JobState, Kind};
use redrive_shared::request::Target;
use redrive_shared::store::{NewReplay, Store};

const NOW: Instant = START.plus_seconds(600);
const ENTRIES: &str = "SELECT count(*) AS n FROM audit_log";

/// A replay with an entry of its own that overrides nothing.
pub(super) fn replay(tenant: &Tenant, job: &JobId, now: Instant) -> NewReplay {
    NewReplay {
        audit_id: AuditId::new(now, &tenant.entropy),
        tenant_id: tenant.id.clone(),
        job_id: job.clone(),
        now,
        actor: KeyId::new(now, &tenant.entropy),
        max_attempts: None,
        deadline_seconds: None,
        chain: None,
        overrides: "{}".to_owned(),
        note: None,
        idempotency: None,
    }
}

/// Tries a replay; answers whether it is done, and where the job stands.
async fn done<D: Database>(store: &Store<D>, replay: &NewReplay) -> (bool, JobState) {
    let standing = store.replay(replay).await.expect("runs");
    let job = standing.job.expect("there is such a job");
    (job.is_replayed, job.state)
}

pub(super) async fn a_letter_is_queued_again_with_a_fresh_budget_and_its_history<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(141);
    let dead = letter(store, &tenant).await;
    assert_eq!((dead.attempt, dead.failures), (1, 1));
    let replay = NewReplay {
        max_attempts: Some(2),
        deadline_seconds: Some(60),
        chain: Some(vec![Target::new("second", "sim-slow")]),
        overrides: r#"{"maxAttempts":2}"#.to_owned(),
        note: Some("a new key".to_owned()),
        ..replay(&tenant, &dead.id, NOW)
    };
    assert_eq!(done(store, &replay).await, (true, JobState::Queued));
    let record = tenant.read(store, &dead.id).await;
    assert_eq!((record.attempt, record.failures), (1, 0));
    assert_eq!((record.due_at, record.completed_at), (Some(NOW), None));
    assert_eq!(record.deadline_at, NOW.plus_seconds(60));
    assert_eq!(record.attempts, dead.attempts);
    assert_eq!(expires_at(store, &dead.id).await, None);
    let lineage = &record.replays[0];
    assert_eq!((&lineage.audit_id, lineage.at_ms), (&replay.audit_id, NOW));
    assert_eq!(lineage.actor, replay.actor.as_str());
    assert_eq!(
        (lineage.after_attempt, lineage.code),
        (1, ErrorCode::ProviderAuth)
    );
    let sql = "SELECT id, actor, subject, at_ms, detail ->> '$.note' AS note, \
               detail ->> '$.overrides.maxAttempts' AS attempts FROM audit_log";
    let entry = &query(store, sql, vec![]).await[0];
    assert_eq!(entry["id"], replay.audit_id.as_str());
    assert_eq!(entry["actor"], replay.actor.as_str());
    assert_eq!(entry["subject"], dead.id.as_str());
    assert_eq!(entry["at_ms"], NOW.as_millis());
    assert_eq!(entry["note"], "a new key");
    assert_eq!(entry["attempts"], 2);
    let claimed = tenant.claim(store, &dead.id, NOW).await.expect("runs");
    assert_eq!((claimed.attempt, claimed.max_attempts), (2, 2));
    assert_eq!(claimed.model.as_deref(), Some("sim-slow"));
    let request: serde_json::Value = serde_json::from_str(&claimed.request).expect("JSON");
    let chain = serde_json::json!([{"provider": "second", "model": "sim-slow"}]);
    assert_eq!(request["providers"], chain);
    let asked = store.asked(&tenant.id, &dead.id).await.expect("runs");
    let asked = asked.expect("there");
    let second = [Target::new("second", "sim-slow")];
    assert_eq!(asked.kind, Kind::Generate);
    assert_eq!(asked.input.expect("a request").providers, second);
    let held = store.commit(&[commit(&claimed, answered("four"))]).await;
    assert!(held.expect("committed")[0].is_some());
    let kept = NOW.plus_millis(250).plus_seconds(PAYLOAD_RETENTION_SECONDS);
    assert_eq!(expires_at(store, &dead.id).await, Some(kept));
}

pub(super) async fn what_is_not_overridden_stays<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(142);
    let dead = letter(store, &tenant).await;
    let replay = replay(&tenant, &dead.id, NOW);
    assert_eq!(done(store, &replay).await, (true, JobState::Queued));
    let record = tenant.read(store, &dead.id).await;
    assert_eq!(record.max_attempts, dead.max_attempts);
    assert_eq!(record.model.as_deref(), Some(MODEL));
    let length = dead.deadline_at.millis_since(dead.created_at);
    assert_eq!(record.deadline_at, NOW.plus_millis(length));
    let claimed = tenant.claim(store, &dead.id, NOW).await.expect("runs");
    assert_eq!(claimed.request, tenant.job(START).request);
}

pub(super) async fn a_replay_asked_for_twice_is_done_once<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(143);
    let dead = letter(store, &tenant).await;
    let replay = replay(&tenant, &dead.id, NOW);
    assert_eq!(done(store, &replay).await, (true, JobState::Queued));
    tenant.claim(store, &dead.id, NOW).await.expect("runs");
    assert_eq!(done(store, &replay).await, (true, JobState::Running));
    let record = tenant.read(store, &dead.id).await;
    assert_eq!((record.attempt, record.replays.len()), (2, 1));
    assert_eq!(count(store, ENTRIES, vec![]).await, 1);
}

pub(super) async fn of_many_replays_of_one_letter_one_is_done<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(144);
    let dead = letter(store, &tenant).await;
    let mut won = 0;
    for _ in 0..5 {
        let (is_done, state) = done(store, &replay(&tenant, &dead.id, NOW)).await;
        assert_eq!(state, JobState::Queued);
        won += u32::from(is_done);
    }
    assert_eq!(won, 1);
    assert_eq!(tenant.read(store, &dead.id).await.replays.len(), 1);
    assert_eq!(count(store, ENTRIES, vec![]).await, 1);
}

pub(super) async fn what_is_not_dead_is_not_replayed<D: Database>(store: &Store<D>) {
    let (tenant, stranger) = (Tenant::new(145), Tenant::new(1450));
    let (queued, running) = (tenant.submit(store).await, tenant.running(store).await.id);
    for (job, state) in [(&queued, JobState::Queued), (&running, JobState::Running)] {
        let asked = replay(&tenant, job, NOW);
        assert_eq!(done(store, &asked).await, (false, state));
    }
    let dead = letter(store, &tenant).await;
    let foreign = store.replay(&replay(&stranger, &dead.id, NOW)).await;
    assert_eq!(foreign.expect("runs").job, None);
    let state = tenant.read(store, &dead.id).await.state;
    assert_eq!(state, JobState::DeadLettered);
    assert_eq!(count(store, ENTRIES, vec![]).await, 0);
}

pub(super) async fn a_letter_without_its_payload_is_not_replayed<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(146);
    let dead = letter(store, &tenant).await;
    let over = START.plus_seconds(PAYLOAD_RETENTION_SECONDS + 1);
    let (deleted, _) = store.delete_expired(over, 10).await.expect("runs");
    assert_eq!(deleted.payloads, 1);
    let asked = replay(&tenant, &dead.id, over);
    let standing = store.replay(&asked).await.expect("runs");
    let job = standing.job.expect("known");
    assert!(job.payload_deleted && !job.is_replayed);
    assert_eq!(job.state, JobState::DeadLettered);
    assert_eq!(count(store, ENTRIES, vec![]).await, 0);
}

pub(super) async fn a_key_of_a_replay_names_one_entry<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(147);
    let (one, two) = (letter(store, &tenant).await, letter(store, &tenant).await);
    let keyed = |job: &JobId| NewReplay {
        idempotency: Some(submitting::named("k1", "again")),
        ..replay(&tenant, job, NOW)
    };
    let first = keyed(&one.id);
    for asked in [&first, &keyed(&one.id)] {
        let standing = store.replay(asked).await.expect("runs");
        let holder = standing.key_holder.expect("the key is taken");
        assert_eq!(holder.id, first.audit_id);
    }
    let standing = store.replay(&keyed(&two.id)).await.expect("runs");
    assert_eq!(standing.key_holder.expect("taken").id, first.audit_id);
    assert!(!standing.job.expect("known").is_replayed);
    let state = tenant.read(store, &two.id).await.state;
    assert_eq!(state, JobState::DeadLettered);
    assert_eq!(count(store, ENTRIES, vec![]).await, 1);
}

pub(super) async fn letters_are_listed_newest_first_by_code_and_page<D: Database>(
    store: &Store<D>,
) {
    let (tenant, stranger) = (Tenant::new(148), Tenant::new(1480));
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(letter(store, &tenant).await.id);
    }
    ids.sort_unstable_by(|one, other| other.cmp(one));
    let alive = tenant.submit(store).await;
    letter(store, &stranger).await;
    let list = async |filter: &DeadLetterFilter, after, limit| {
        let letters = store.dead_letters(&tenant.id, filter, after, limit).await;
        let letters = letters.expect("reads").into_iter();
        letters.map(|letter| letter.job.id).collect::<Vec<_>>()
    };
    let every = DeadLetterFilter::default();
    assert_eq!(list(&every, None, 10).await, ids);
    assert_eq!(list(&every, None, 2).await, ids[..2]);
    assert_eq!(list(&every, Some(&ids[1]), 2).await, ids[2..]);
    for (code, expected) in [(ErrorCode::ProviderAuth, 3), (ErrorCode::Poison, 0)] {
        let of_code = DeadLetterFilter {
            code: Some(code),
            ..every.clone()
        };
        assert_eq!(list(&of_code, None, 10).await.len(), expected);
    }
    assert_eq!(store.dead_letter(&tenant.id, &alive).await, Ok(None));
    assert_eq!(store.dead_letter(&stranger.id, &ids[0]).await, Ok(None));
    let found = store.dead_letter(&tenant.id, &ids[0]).await;
    let found = found.expect("reads").expect("dead");
    assert_eq!(found.fingerprint, "provider_auth:-:openai:sim-ok:503");
    let kept = START
        .plus_millis(250)
        .plus_seconds(PAYLOAD_RETENTION_SECONDS);
    assert_eq!(found.expires_at, Some(kept));
    assert_eq!(found.job, tenant.read(store, &ids[0]).await);
}
