use super::using::{self, Used};
use super::{COST, MODEL, START, Tenant, USAGE, answered, commit, query, retry_at};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::job::{DroppedAnswer, FallbackRecord, JobState};
use redrive_shared::store::{Commit, Store};

/// The commit of an attempt of the same job that answered at another instant.
fn other(commit: &Commit, attempt: u32, finished_at: Instant) -> Commit {
    let mut other = commit.clone();
    (other.attempt, other.finished_at) = (attempt, finished_at);
    other
}

pub(super) async fn what_a_dropped_answer_cost_is_kept_once_an_attempt<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(91);
    let claimed = tenant.running(store).await;
    store
        .cancel(&tenant.id, &claimed.id, START, None)
        .await
        .expect("cancelled");
    let late = commit(&claimed, answered("late"));
    assert_eq!(
        store.commit(std::slice::from_ref(&late)).await,
        Ok(vec![None])
    );
    let cost = late.dropped().expect("the provider answered");
    let expected = DroppedAnswer {
        attempt: claimed.attempt,
        finished_at_ms: late.finished_at,
        provider: "openai".to_owned(),
        model: Some("sim-ok-2026".to_owned()),
        usage: Some(USAGE),
        cost_micro_usd: Some(COST),
        fallbacks: vec![],
    };
    assert_eq!(cost, expected);
    let second = other(&late, 2, START.plus_seconds(1));
    let same_attempt = other(&late, claimed.attempt, START.plus_seconds(2));
    let mut record = None;
    for answer in [&late, &late, &second, &same_attempt] {
        record = store.record_dropped_answer(answer).await.expect("kept");
    }
    let record = record.expect("there is such a job");
    let second = second.dropped().expect("the provider answered");
    assert_eq!(record.dropped_answers, [cost, second]);
    assert_eq!(record.state, JobState::Cancelled);
    assert_eq!(record, tenant.read(store, &claimed.id).await);
}

pub(super) async fn what_a_dropped_attempt_used_is_counted_once<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(93);
    let claimed = tenant.running(store).await;
    let mut late = commit(&claimed, retry_at(START.plus_seconds(60), true));
    // The provider before the last may have charged for a call that it broke off.
    late.attempts[0].fallbacks = vec![FallbackRecord {
        provider: "anthropic".to_owned(),
        model: "sim-slow".to_owned(),
        started_at_ms: START,
        finished_at_ms: START,
        code: ErrorCode::ProviderTimeout,
        called: true,
        provider_status: None,
        row: Some(2),
        lasting: false,
        retry_at_ms: None,
        possibly_billed: true,
        usage: None,
        cost_micro_usd: None,
    }];
    store
        .cancel(&tenant.id, &claimed.id, START, None)
        .await
        .expect("cancelled");
    for _ in 0..2 {
        let held = store.commit(std::slice::from_ref(&late)).await;
        assert_eq!(held, Ok(vec![None]));
        assert_eq!(using::rows(store).await, []);
    }
    let dropped = late.dropped().expect("it may be charged for");
    assert_eq!(dropped.provider, "anthropic");
    let expected = [
        Used {
            without_usage: 1,
            ..Used::new("anthropic", "sim-slow", 1)
        },
        Used::new("openai", MODEL, 1),
    ];
    for _ in 0..2 {
        let record = store.record_dropped_answer(&late).await.expect("kept");
        let record = record.expect("there is such a job");
        assert_eq!(record.dropped_answers, std::slice::from_ref(&dropped));
        assert_eq!(using::rows(store).await, expected);
    }
    // An answer that was taken for dropped, while its commit took effect, is not counted again.
    let claimed = tenant.running(store).await;
    let kept = commit(&claimed, answered("four"));
    let held = store.commit(std::slice::from_ref(&kept)).await;
    assert!(held.expect("committed")[0].is_some());
    let before = using::rows(store).await;
    store.record_dropped_answer(&kept).await.expect("runs");
    assert_eq!(using::rows(store).await, before);
    let refused = commit(&claimed, retry_at(START.plus_seconds(60), true));
    assert_eq!(refused.dropped(), None, "nobody charges for a refusal");
    assert_eq!(store.record_dropped_answer(&refused).await, Ok(None));
    assert_eq!(
        query(store, "SELECT 1 FROM usage_daily", vec![])
            .await
            .len(),
        before.len()
    );
}

pub(super) async fn a_dropped_answer_of_an_unknown_job_is_kept_nowhere<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(92);
    let claimed = tenant.running(store).await;
    let mut unknown = commit(&claimed, answered("late"));
    unknown.job_id = JobId::new(START, &tenant.entropy);
    assert_eq!(store.record_dropped_answer(&unknown).await, Ok(None));
    let mut foreign = commit(&claimed, answered("late"));
    foreign.tenant_id = Tenant::new(920).id;
    assert_eq!(store.record_dropped_answer(&foreign).await, Ok(None));
    let job = tenant.read(store, &claimed.id).await;
    assert!(job.dropped_answers.is_empty());
    assert_eq!(using::rows(store).await, []);
}
