//! `GET /api/v1/usage`.

use crate::support::{Api, Step, Tenant};
use redrive_shared::database::DatabaseError;
use serde_json::{Value, json};

const USAGE: &str = "/api/v1/usage";

async fn read(api: &Api, user: &Tenant, query: &str) -> Value {
    let reply = api.get(&format!("{USAGE}{query}"), &user.key).await;
    assert_eq!(reply.status, 200, "{query}: {reply:?}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    reply.json()
}

/// A day's usage of a provider and model: calls, answers, tokens read and written, cost, and how many
/// calls are not known enough.
fn used(api: &Api, user: &Tenant, day: &str, of: &str, numbers: &str) {
    api.database().execute(&format!(
        "INSERT INTO usage_daily (tenant_id, day, provider, model, calls, answers, input_tokens, output_tokens, \
         cost_micro_usd, calls_without_usage, calls_without_price) VALUES ('{}', '{day}', {of}, {numbers})",
        user.id
    ));
}

#[tokio::test]
async fn usage_is_told_by_day_model_or_provider_with_its_total() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let small = "'openai', 'gpt-4o-mini'";
    used(&api, &user, "2026-11-20", small, "3, 2, 300, 30, 75, 0, 0");
    used(&api, &user, "2026-11-21", small, "1, 1, 100, 10, 25, 0, 0");
    let large = "'azure', 'gpt-4o'";
    used(
        &api,
        &user,
        "2026-11-21",
        large,
        "2, 1, 50, NULL, NULL, 1, 1",
    );
    used(&api, &other, "2026-11-21", small, "9, 9, 9, 9, 9, 0, 0");
    let all = json!({
        "calls": 6, "answers": 4, "inputTokens": 450, "outputTokens": 40, "cachedTokens": null,
        "reasoningTokens": null, "costMicroUsd": 100, "callsWithoutUsage": 1, "callsWithoutPrice": 1
    });
    let azure = json!({
        "calls": 2, "answers": 1, "inputTokens": 50, "outputTokens": null, "cachedTokens": null,
        "reasoningTokens": null, "costMicroUsd": null, "callsWithoutUsage": 1, "callsWithoutPrice": 1
    });
    let named = |sums: &Value, group: &str, name: &str| {
        let mut sums = sums.clone();
        sums[group] = json!(name);
        sums
    };
    let by_provider = read(&api, &user, "?groupBy=provider").await;
    assert_eq!(
        by_provider["data"][0],
        named(&azure, "provider", "azure"),
        "what is known of no call is null"
    );
    assert_eq!(
        (
            &by_provider["from"],
            &by_provider["to"],
            &by_provider["groupBy"]
        ),
        (
            &json!("2026-10-23"),
            &json!("2026-11-21"),
            &json!("provider")
        )
    );
    assert_eq!(
        (&by_provider["total"], &by_provider["truncated"]),
        (&all, &json!(false))
    );
    let by_model = read(&api, &user, "?groupBy=model").await;
    assert_eq!(by_model["data"][0], named(&azure, "model", "gpt-4o"));
    assert_eq!(by_model["data"][1]["model"], "gpt-4o-mini");
    for query in ["", "?groupBy=day", "?from=2026-11-20&to=2026-11-21"] {
        let by_day = read(&api, &user, query).await;
        let days = by_day["data"].as_array().expect("a list");
        let days: Vec<_> = days
            .iter()
            .map(|day| (&day["day"], &day["calls"]))
            .collect();
        let expected = [json!("2026-11-20"), json!(3), json!("2026-11-21"), json!(3)];
        assert_eq!(
            days,
            [(&expected[0], &expected[1]), (&expected[2], &expected[3])]
        );
        assert_eq!(by_day["total"], all);
    }
    let one = read(&api, &user, "?from=2026-11-21&to=2026-11-21&groupBy=model").await;
    assert_eq!(one["total"]["inputTokens"], 150);
}

#[tokio::test]
async fn days_without_a_call_are_an_empty_report() {
    let api = Api::new();
    let user = api.user().await;
    let nothing = json!({
        "calls": 0, "answers": 0, "inputTokens": null, "outputTokens": null, "cachedTokens": null,
        "reasoningTokens": null, "costMicroUsd": null, "callsWithoutUsage": 0, "callsWithoutPrice": 0
    });
    let expected = json!({
        "from": "2024-02-01", "to": "2024-03-01", "groupBy": "day", "data": [], "total": nothing,
        "truncated": false
    });
    assert_eq!(read(&api, &user, "?to=2024-03-01").await, expected);
}

#[tokio::test]
async fn a_report_of_too_much_says_that_it_is_cut_and_keeps_the_latest() {
    let api = Api::new();
    let user = api.user().await;
    api.database().execute(&format!(
        "INSERT INTO usage_daily (tenant_id, day, provider, model, calls, answers, calls_without_usage, calls_without_price) \
         WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 11999) \
         SELECT '{}', date('2026-11-21', printf('-%d days', n / 1000)), 'openai', printf('m-%d', n % 1000), 1, 1, 0, 0 \
         FROM numbers",
        user.id
    ));
    let cut = read(&api, &user, "").await;
    assert_eq!(
        (&cut["truncated"], &cut["total"]["calls"]),
        (&json!(true), &json!(10_000))
    );
    let days = cut["data"].as_array().expect("a list");
    assert_eq!((days.len(), &days[9]["day"]), (10, &json!("2026-11-21")));
    let whole = read(&api, &user, "?from=2026-11-15").await;
    assert_eq!(
        (&whole["truncated"], &whole["total"]["calls"]),
        (&json!(false), &json!(7_000))
    );
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    let api = Api::new();
    let user = api.user().await;
    for (query, named) in [
        ("from=yesterday", "?from"),
        ("from=", "?from"),
        ("from=2026-11-31", "?from"),
        ("from=2026-11-21T10:55:17Z", "?from"),
        ("to=20261121", "?to"),
        ("to=2026-11-21&to=2026-11-21", "?to"),
        ("to=1969-12-31", "?to"),
        ("from=2026-11-22", "?from"),
        ("from=2026-11-02&to=2026-11-01", "?from"),
        ("from=2025-11-20", "?from"),
        ("from=0&to=2026-11-21", "?from"),
        ("groupBy=hour", "?groupBy"),
        ("groupBy=Day", "?groupBy"),
        ("groupBy=", "?groupBy"),
        ("limit=1", "?limit"),
    ] {
        let reply = api.get(&format!("{USAGE}?{query}"), &user.key).await;
        assert_eq!(
            (reply.status, reply.code()),
            (422, "validation-failed".to_owned()),
            "{query}"
        );
        assert_eq!(reply.named(), [named], "{query}");
    }
    read(&api, &user, "?from=2025-11-21").await;
    read(&api, &user, "?from=9999-01-01&to=9999-12-31").await;
}

#[tokio::test]
async fn a_database_that_fails_for_a_moment_is_asked_again_and_an_overloaded_one_is_not() {
    let api = Api::new();
    let user = api.user().await;
    read(&api, &user, "").await;
    let lost = DatabaseError::Transient("Network connection lost".to_owned());
    api.database().script(vec![Step::FailAfter(lost); 2]);
    read(&api, &user, "").await;
    let overloaded = DatabaseError::Overloaded("overloaded".to_owned());
    api.database().script([Step::FailBefore(overloaded)]);
    let reply = api.get(USAGE, &user.key).await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("10"))
    );
}
