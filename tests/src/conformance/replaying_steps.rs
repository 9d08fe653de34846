use super::replaying_many::{ITEMS, NOW, begun, letters, moved, new, step};
use super::{Tenant, answered, change, commit, count, dead, query};
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::job::JobState;
use redrive_shared::request::Target;
use redrive_shared::store::{NewReplays, ReplayMove, ReplayStatus, SampleTerms, Store};

pub(super) async fn a_step_puts_letters_back_with_their_history<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(183);
    let made = letters(store, &tenant, 3).await;
    let row = begun(store, &new(&tenant)).await;
    let picked = store.pick_letters(&row, 2).await.expect("reads");
    let ids: Vec<&JobId> = picked.iter().map(|letter| &letter.id).collect();
    assert_eq!(ids, [&made[0], &made[1]]);
    let mut step = step(&tenant, &made[..2]);
    step.letters[1].chain = Some(vec![Target::new("second", "sim-slow")]);
    let after = moved(store, &row, &step).await;
    assert_eq!((after.replayed, after.skipped, after.step), (2, 0, 1));
    assert_eq!(
        (after.last_job_id.as_ref(), after.due_at),
        (Some(&made[1]), step.due_at)
    );
    for (job, model) in [(&made[0], "sim-ok"), (&made[1], "sim-slow")] {
        let record = tenant.read(store, job).await;
        assert_eq!(
            (record.state, record.attempt, record.failures),
            (JobState::Queued, 1, 0)
        );
        assert_eq!((record.max_attempts, record.due_at), (2, Some(step.now)));
        assert_eq!(record.model.as_deref(), Some(model));
        let lineage = &record.replays[0];
        assert_eq!(lineage.replay_id.as_ref(), Some(&row.id));
        assert_eq!(
            (&lineage.audit_id, lineage.after_attempt),
            (&row.id.entry(), 1)
        );
        assert_eq!(
            (lineage.actor.as_str(), lineage.code),
            (row.actor.as_str(), ErrorCode::ProviderAuth)
        );
    }
    let asked = store
        .asked_each(&tenant.id, &[&made[1], &made[2]])
        .await
        .expect("reads");
    assert_eq!(asked.len(), 2);
    let rest = store.pick_letters(&after, 10).await.expect("reads");
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].id, made[2]);
    let columns = "SELECT bulk, replay_id, request ->> '$.providers[0].model' AS model FROM jobs WHERE id = ?1";
    let row = &query(store, columns, vec![made[1].as_str().into()]).await[0];
    assert_eq!(
        (&row["bulk"], &row["model"]),
        (&1.into(), &"sim-slow".into())
    );
}

pub(super) async fn of_two_steps_at_once_one_is_taken<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(184);
    let made = letters(store, &tenant, 3).await;
    let row = begun(store, &new(&tenant)).await;
    let first = moved(store, &row, &step(&tenant, &made[..1])).await;
    // The same once more, and another by somebody who read the row before.
    assert_eq!(moved(store, &row, &step(&tenant, &made[..1])).await, first);
    assert_eq!(moved(store, &row, &step(&tenant, &made)).await, first);
    assert_eq!((first.replayed, count(store, ITEMS, vec![]).await), (1, 1));
    let lineage = tenant.read(store, &made[0]).await.replays;
    assert_eq!(lineage.len(), 1);
    assert_eq!(
        tenant.read(store, &made[1]).await.state,
        JobState::DeadLettered
    );
}

pub(super) async fn what_is_no_longer_dead_is_passed_over<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(185);
    let made = letters(store, &tenant, 4).await;
    let row = begun(store, &new(&tenant)).await;
    let gone = "UPDATE jobs SET request = NULL WHERE id = ?1";
    change(store, gone, vec![made[0].as_str().into()]).await;
    let later = "UPDATE jobs SET completed_at_ms = ?2 WHERE id = ?1";
    change(
        store,
        later,
        vec![made[1].as_str().into(), NOW.plus_millis(1).into()],
    )
    .await;
    let picked = store.pick_letters(&row, 10).await.expect("reads");
    let seen: Vec<bool> = picked.iter().map(|letter| letter.payload_deleted).collect();
    assert_eq!(seen, [true, false, false], "what died later is not meant");
    let alone = super::replaying::replay(&tenant, &made[2], NOW);
    store.replay(&alone).await.expect("runs");
    let last = ReplayMove {
        status: ReplayStatus::Completed,
        due_at: None,
        ..step(&tenant, &made)
    };
    let after = moved(store, &row, &last).await;
    assert_eq!(
        (after.status, after.replayed, after.skipped),
        (ReplayStatus::Completed, 1, 3)
    );
    assert_eq!((after.finished_at, after.due_at), (Some(last.now), None));
    assert_eq!(after.remaining(), 0);
    let entry = query(
        store,
        "SELECT actor, detail ->> '$.skipped' AS n FROM audit_log WHERE action = 'replay.end'",
        vec![],
    )
    .await;
    assert_eq!(
        (entry.len(), &entry[0]["actor"], &entry[0]["n"]),
        (1, &"system".into(), &3.into())
    );
}

pub(super) async fn outcomes_follow_the_jobs_until_another_replay<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(186);
    let made = letters(store, &tenant, 3).await;
    let sample = Some(SampleTerms {
        letters: 2,
        percent: 50,
    });
    let row = begun(
        store,
        &NewReplays {
            sample,
            ..new(&tenant)
        },
    )
    .await;
    assert_eq!(row.open_sample(), sample);
    let row = moved(store, &row, &step(&tenant, &made)).await;
    let read = async || {
        let mut outcomes = store
            .replay_outcomes(std::slice::from_ref(&row))
            .await
            .expect("reads");
        outcomes.remove(0)
    };
    let (outcomes, sampled) = read().await;
    assert_eq!(
        (outcomes.in_state(JobState::Queued), sampled.finished),
        (3, 0)
    );
    let now = NOW.plus_seconds(2);
    let running = tenant.claim(store, &made[0], now).await.expect("claimed");
    assert_eq!(read().await.0.in_state(JobState::Running), 1);
    store
        .commit(&[commit(&running, answered("yes"))])
        .await
        .expect("committed");
    let again = tenant.claim(store, &made[1], now).await.expect("claimed");
    store
        .commit(&[commit(&again, dead(ErrorCode::ProviderBilling))])
        .await
        .expect("committed");
    let (outcomes, sampled) = read().await;
    let counted = [
        JobState::Queued,
        JobState::Succeeded,
        JobState::DeadLettered,
    ]
    .map(|state| outcomes.in_state(state));
    assert_eq!(counted, [1, 1, 1]);
    assert_eq!((sampled.finished, sampled.succeeded), (2, 1));
    assert_eq!(store.sample_standing(&row).await, Ok(sampled));
    assert_eq!(outcomes.cost_micro_usd, Some(super::COST));
    // Put back alone, the letter is no longer this replay's.
    let alone = super::replaying::replay(&tenant, &made[1], now.plus_seconds(10));
    store.replay(&alone).await.expect("runs");
    assert_eq!(read().await.0.in_state(JobState::DeadLettered), 1);
    let items = store
        .replay_items(&tenant.id, &row.id, Some(&made[0]), 10)
        .await
        .expect("reads");
    let items: Vec<_> = items
        .into_iter()
        .map(|item| (item.id, item.state))
        .collect();
    assert_eq!(
        items,
        [
            (made[1].clone(), JobState::DeadLettered),
            (made[2].clone(), JobState::Queued)
        ]
    );
}
