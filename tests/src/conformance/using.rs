use super::{COST, MODEL, START, Tenant, USAGE, answered, commit, dead, query, retry_at};
use redrive_shared::database::Database;
use redrive_shared::day::Day;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::{ClaimedJob, FallbackRecord};
use redrive_shared::provider::Usage;
use redrive_shared::store::{Commit, Settlement, Store};
use redrive_shared::usage::{GroupBy, UsageRange, UsageSums};
use serde::Deserialize;

/// A row of usage of the first day.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct Used {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) calls: u64,
    pub(super) answers: u64,
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) cached: Option<u64>,
    pub(super) cost: Option<u64>,
    pub(super) without_usage: u64,
    pub(super) without_price: u64,
}

impl Used {
    /// Calls of which nothing is known but that they cost nothing.
    pub(super) fn new(provider: &str, model: &str, calls: u64) -> Self {
        Self {
            provider: provider.to_owned(),
            model: model.to_owned(),
            calls,
            ..Self::default()
        }
    }
}

/// Every row of usage, by provider and model.
pub(super) async fn rows<D: Database>(store: &Store<D>) -> Vec<Used> {
    let sql = "\
SELECT provider, model, calls, answers, input_tokens AS input, output_tokens AS output, cached_tokens AS cached,
  cost_micro_usd AS cost, calls_without_usage AS without_usage, calls_without_price AS without_price
FROM usage_daily ORDER BY day, tenant_id, provider, model";
    let rows = query(store, sql, vec![]).await;
    rows.into_iter()
        .map(|row| serde_json::from_value(row.into()).expect("a row of usage"))
        .collect()
}

fn passed_over(provider: &str, called: bool) -> FallbackRecord {
    FallbackRecord {
        provider: provider.to_owned(),
        model: MODEL.to_owned(),
        started_at_ms: START,
        finished_at_ms: START,
        code: ErrorCode::ProviderUnavailable,
        called,
        provider_status: Some(503),
        row: called.then_some(52),
        lasting: false,
        retry_at_ms: None,
        possibly_billed: false,
        usage: None,
        cost_micro_usd: None,
    }
}

async fn committed<D: Database>(store: &Store<D>, commit: &Commit) {
    let held = store.commit(std::slice::from_ref(commit)).await;
    assert!(held.expect("committed")[0].is_some(), "the fence held");
}

pub(super) async fn calls_are_added_to_their_day_provider_and_model<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(121);
    for _ in 0..2 {
        let claimed = tenant.running(store).await;
        let mut commit = commit(&claimed, answered("four"));
        commit.attempts[0].fallbacks = vec![
            passed_over("anthropic", true),
            // Its circuit was open.
            passed_over("azure", false),
            passed_over("workers-ai", true),
        ];
        committed(store, &commit).await;
    }
    let claimed = tenant.running(store).await;
    committed(
        store,
        &commit(&claimed, retry_at(START.plus_seconds(9), true)),
    )
    .await;
    let next_day = {
        let claimed = tenant.running(store).await;
        let mut commit = commit(&claimed, answered("four"));
        commit.finished_at = START.plus_seconds(86_400);
        commit
    };
    committed(store, &next_day).await;
    let once = Used {
        answers: 1,
        input: Some(3),
        cached: Some(1),
        cost: Some(COST),
        ..Used::new("openai", MODEL, 1)
    };
    let expected = [
        Used::new("anthropic", MODEL, 2),
        Used {
            calls: 3,
            answers: 2,
            input: Some(6),
            cached: Some(2),
            cost: Some(2 * COST),
            ..once.clone()
        },
        Used::new("workers-ai", MODEL, 2),
        once,
    ];
    assert_eq!(rows(store).await, expected);
}

pub(super) async fn what_nobody_knows_is_not_counted_as_nothing<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(122);
    let mut expected = Used::new("openai", MODEL, 0);
    // Counted and priced, not counted, not priced, broken off, refused for nothing.
    for case in ["whole", "uncounted", "unpriced", "broken off", "refused"] {
        let claimed = tenant.running(store).await;
        let mut commit = match case {
            "broken off" | "refused" => commit(&claimed, dead(ErrorCode::ProviderTimeout)),
            _ => commit(&claimed, answered("four")),
        };
        let record = &mut commit.attempts[0];
        expected.calls += 1;
        match case {
            "whole" => {
                expected.answers += 1;
                (expected.input, expected.cached) = (Some(3), Some(1));
                expected.cost = Some(COST);
            }
            "uncounted" => {
                (record.usage, record.cost_micro_usd) = (None, None);
                expected.answers += 1;
                expected.without_usage += 1;
            }
            "unpriced" => {
                record.cost_micro_usd = None;
                expected.answers += 1;
                (expected.input, expected.cached) = (Some(6), Some(2));
                expected.without_price += 1;
            }
            "broken off" => {
                record.possibly_billed = true;
                expected.without_usage += 1;
            }
            _ => {}
        }
        committed(store, &commit).await;
        assert_eq!(rows(store).await, [expected.clone()], "{case}");
    }
}

pub(super) async fn a_repeated_or_stale_commit_adds_nothing<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(123);
    for settlement in [
        answered("four"),
        retry_at(START.plus_seconds(30), true),
        dead(ErrorCode::ProviderAuth),
    ] {
        let claimed = tenant.running(store).await;
        let first = commit(&claimed, settlement);
        committed(store, &first).await;
        let before = rows(store).await;
        for attempt in [claimed.attempt, claimed.attempt + 1] {
            let mut again = first.clone();
            again.attempt = attempt;
            assert_eq!(store.commit(&[again]).await, Ok(vec![None]));
            assert_eq!(rows(store).await, before);
        }
    }
    assert_eq!(rows(store).await[0].calls, 3);
}

pub(super) async fn each_commit_of_a_batch_is_counted_by_its_own_fence<D: Database>(
    store: &Store<D>,
) {
    let (tenant, other) = (Tenant::new(124), Tenant::new(1240));
    let one = tenant.running(store).await;
    let two = tenant.running(store).await;
    let lost = tenant.running(store).await;
    let foreign = other.running(store).await;
    store
        .cancel(&tenant.id, &lost.id, START, None)
        .await
        .expect("cancelled");
    let commits = [&lost, &one, &foreign, &two].map(|job| commit(job, answered("four")));
    let held = store.commit(&commits).await.expect("committed");
    assert_eq!(held.iter().flatten().count(), 3);
    let mut calls: Vec<u64> = rows(store).await.iter().map(|row| row.calls).collect();
    calls.sort_unstable();
    assert_eq!(calls, [1, 2], "a row for each tenant");
}

pub(super) async fn an_attempt_that_called_nobody_writes_nothing<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(125);
    let claimed = tenant.running(store).await;
    let mut put_off = commit(&claimed, retry_at(START.plus_seconds(30), false));
    // The circuits of both were open.
    (put_off.attempts[0].called, put_off.attempts[0].row) = (false, None);
    put_off.attempts[0].fallbacks = vec![passed_over("anthropic", false)];
    committed(store, &put_off).await;
    assert_eq!(rows(store).await, []);

    // Of an answer that is worked on, the attempt that gets it is counted, or that gives it up.
    let pending = |job: &ClaimedJob, settlement: Settlement| {
        let mut commit = commit(job, settlement);
        commit.attempts[0].row = None;
        commit.attempts[0].pending = Some("resp_1".to_owned());
        commit
    };
    let claimed = tenant.running(store).await;
    let waits = pending(&claimed, retry_at(START.plus_seconds(30), false));
    committed(store, &waits).await;
    assert_eq!(rows(store).await, []);
    let claimed = tenant.running(store).await;
    committed(store, &pending(&claimed, dead(ErrorCode::DeadlineExceeded))).await;
    let given_up = Used {
        without_usage: 1,
        ..Used::new("openai", MODEL, 1)
    };
    assert_eq!(rows(store).await, [given_up]);
}

pub(super) async fn numbers_that_no_call_has_are_not_believed<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(126);
    for number in [u64::MAX, (1 << 53) - 1, 1_000_000_001, 1_000_000_000] {
        let claimed = tenant.running(store).await;
        let mut commit = commit(&claimed, answered("four"));
        let record = &mut commit.attempts[0];
        record.usage = Some(Usage {
            input_tokens: Some(number),
            output_tokens: Some(7),
            ..USAGE
        });
        record.cost_micro_usd = Some(u64::MAX);
        committed(store, &commit).await;
    }
    let expected = Used {
        answers: 4,
        input: Some(1_000_000_000),
        output: Some(28),
        cached: Some(4),
        ..Used::new("openai", MODEL, 4)
    };
    assert_eq!(rows(store).await, [expected]);
}

pub(super) async fn usage_is_grouped_within_its_days_for_its_tenant<D: Database>(store: &Store<D>) {
    const DAY: i64 = 86_400;
    let (tenant, other) = (Tenant::new(127), Tenant::new(1270));
    for (tenant, day, provider, model) in [
        (&tenant, 0, "openai", "m-1"),
        (&tenant, 1, "openai", "m-1"),
        (&tenant, 1, "openai", "m-2"),
        (&tenant, 1, "azure", "m-2"),
        (&tenant, 2, "azure", "m-1"),
        (&tenant, 3, "azure", "m-1"),
        (&other, 1, "openai", "m-1"),
    ] {
        let claimed = tenant.running(store).await;
        let mut commit = commit(&claimed, answered("four"));
        commit.finished_at = START.plus_seconds(day * DAY);
        let record = &mut commit.attempts[0];
        record.provider = Some(provider.to_owned());
        record.model = Some(model.to_owned());
        committed(store, &commit).await;
    }
    let first = Day::of(START);
    let range = |from: i32, to: i32| {
        let (from, to) = (first.plus_days(from), first.plus_days(to));
        UsageRange::new(Some(from), Some(to), to).expect("a range")
    };
    let calls = async |range: UsageRange, group_by: GroupBy| {
        let groups = store.usage(&tenant.id, &range, group_by).await;
        let groups = groups.expect("reads");
        assert!(!groups.is_cut);
        let groups = groups.groups.into_iter();
        let calls: Vec<_> = groups.map(|(name, sums)| (name, sums.calls)).collect();
        calls
    };
    let named = |groups: &[(&str, u64)]| -> Vec<(String, u64)> {
        let groups = groups.iter();
        groups
            .map(|(name, calls)| ((*name).to_owned(), *calls))
            .collect()
    };
    let days = [1, 2].map(|day| first.plus_days(day).to_string());
    let by_day = named(&[(&days[0], 3), (&days[1], 1)]);
    assert_eq!(calls(range(1, 2), GroupBy::Day).await, by_day);
    let by_model = named(&[("m-1", 2), ("m-2", 2)]);
    assert_eq!(calls(range(1, 2), GroupBy::Model).await, by_model);
    let by_provider = named(&[("azure", 3), ("openai", 3)]);
    assert_eq!(calls(range(0, 365), GroupBy::Provider).await, by_provider);
    assert_eq!(calls(range(4, 9), GroupBy::Day).await, []);
    let whole = store.usage(&tenant.id, &range(1, 1), GroupBy::Day).await;
    let sums = UsageSums {
        calls: 3,
        answers: 3,
        input_tokens: Some(9),
        cached_tokens: Some(3),
        cost_micro_usd: Some(3 * COST),
        ..UsageSums::default()
    };
    assert_eq!(whole.expect("reads").groups, [(days[0].clone(), sums)]);
}
