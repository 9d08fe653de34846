use super::{START, Tenant, USAGE, answered, commit};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::ids::JobId;
use redrive_shared::job::{DroppedAnswer, JobState};
use redrive_shared::store::Store;

fn dropped(attempt: u32, finished_at: Instant) -> DroppedAnswer {
    DroppedAnswer {
        attempt,
        finished_at_ms: finished_at,
        provider: "openai".to_owned(),
        model: Some("sim-ok-2026".to_owned()),
        usage: Some(USAGE),
    }
}

pub(super) async fn what_a_dropped_answer_cost_is_kept_once_an_attempt<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(91);
    let claimed = tenant.running(store).await;
    store
        .cancel(&tenant.id, &claimed.id, START)
        .await
        .expect("cancelled");
    let late = commit(&claimed, answered("late"));
    assert_eq!(
        store.commit(std::slice::from_ref(&late)).await,
        Ok(vec![None])
    );
    let cost = late.dropped().expect("the provider answered");
    assert_eq!(cost.attempt, claimed.attempt);
    assert_eq!(cost.model.as_deref(), Some("sim-ok-2026"));
    let other = dropped(2, START.plus_seconds(1));
    let same_attempt = dropped(claimed.attempt, START.plus_seconds(2));
    let mut record = None;
    for answer in [&cost, &cost, &other, &same_attempt] {
        record = store
            .record_dropped_answer(&tenant.id, &claimed.id, answer)
            .await
            .expect("kept");
    }
    let record = record.expect("there is such a job");
    assert_eq!(record.dropped_answers, [cost, other]);
    assert_eq!(record.state, JobState::Cancelled);
    assert_eq!(record, tenant.read(store, &claimed.id).await);
}

pub(super) async fn a_dropped_answer_of_an_unknown_job_is_kept_nowhere<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(92);
    let unknown = JobId::new(START, &tenant.entropy);
    let answer = dropped(1, START);
    assert_eq!(
        store
            .record_dropped_answer(&tenant.id, &unknown, &answer)
            .await,
        Ok(None)
    );
    let stranger = Tenant::new(920);
    let job = tenant.submit(store).await;
    assert_eq!(
        store
            .record_dropped_answer(&stranger.id, &job, &answer)
            .await,
        Ok(None)
    );
    assert!(tenant.read(store, &job).await.dropped_answers.is_empty());
}
