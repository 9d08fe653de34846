//! `GET /api/v1/jobs`.

use crate::support::{Api, Reply, Tenant};
use serde_json::{Value, json};

async fn list(api: &Api, user: &Tenant, query: &str) -> Reply {
    let reply = api.get(&format!("/api/v1/jobs{query}"), &user.key).await;
    assert_eq!(reply.status, 200, "{query}: {reply:?}");
    reply
}

fn ids(page: &Value) -> Vec<String> {
    let jobs = page["data"].as_array().expect("a list");
    jobs.iter()
        .map(|job| job["jobId"].as_str().expect("an id").to_owned())
        .collect()
}

/// Jobs a second apart; the newest first, as the list gives them.
async fn jobs(api: &Api, user: &Tenant, number: usize) -> Vec<String> {
    let mut made = Vec::new();
    for _ in 0..number {
        made.insert(0, api.job(user).await);
        api.ports().clock.advance_millis(1_000);
    }
    made
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let api = Api::new();
    let user = api.user().await;
    let made = jobs(&api, &user, 7).await;
    let mut seen = Vec::new();
    let mut query = "?limit=3".to_owned();
    let mut pages = 0;
    loop {
        let page = list(&api, &user, &query).await.json();
        seen.extend(ids(&page));
        pages += 1;
        // What is submitted meanwhile does not shift the pages that follow.
        jobs(&api, &user, 1).await;
        match page["nextCursor"].as_str() {
            Some(cursor) => query = format!("?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!((seen, pages), (made, 3));
}

#[tokio::test]
async fn a_page_that_is_just_full_is_the_last() {
    let api = Api::new();
    let user = api.user().await;
    let made = jobs(&api, &user, 3).await;
    let page = list(&api, &user, "?limit=3").await.json();
    assert_eq!((ids(&page), &page["nextCursor"]), (made, &Value::Null));
    let empty = list(&api, &user, "?status=succeeded").await;
    assert_eq!(empty.json(), json!({"data": [], "nextCursor": null}));
    assert_eq!(empty.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_page_has_20_jobs_unless_told_and_100_at_most() {
    let api = Api::new();
    let user = api.user().await;
    jobs(&api, &user, 101).await;
    for (query, length) in [("", 20), ("?limit=1", 1), ("?limit=100", 100)] {
        let page = list(&api, &user, query).await.json();
        assert_eq!(
            (ids(&page).len(), page["nextCursor"].is_string()),
            (length, true),
            "{query}"
        );
    }
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let api = Api::new();
    let user = api.user().await;
    let made = jobs(&api, &user, 4).await;
    api.put_job(&made[0], "failed");
    api.put_job(&made[1], "succeeded");
    let body = json!({"prompt": "Hello", "refType": "ticket", "refId": "47/11 ü"});
    let reply = api.post("/api/v1/generate", &user.key, &body).await.json();
    let referred = reply["jobId"].as_str().expect("an id").to_owned();
    // The clock stands four seconds after the oldest job, made[3].
    for (query, expected) in [
        ("?status=failed", vec![&made[0]]),
        ("?status=succeeded", vec![&made[1]]),
        (
            "?status=queued&kind=generate",
            vec![&referred, &made[2], &made[3]],
        ),
        ("?refType=ticket&refId=47%2F11+%C3%BC", vec![&referred]),
        ("?refType=ticket&refId=4711", vec![]),
        (
            "?refType=ticket&refId=47%2F11%20%C3%BC&status=failed",
            vec![],
        ),
        (
            "?createdAfter=2026-11-21T10:55:20.372Z",
            vec![&referred, &made[0]],
        ),
        ("?createdBefore=2026-11-21T10:55:18.372Z", vec![&made[3]]),
        (
            "?createdAfter=2026-11-21T11:55:18.372%2B01:00&createdBefore=2026-11-21T10:55:20.372Z",
            vec![&made[1], &made[2]],
        ),
    ] {
        assert_eq!(
            ids(&list(&api, &user, query).await.json()),
            expected.into_iter().cloned().collect::<Vec<_>>(),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_list_shows_no_results_and_no_jobs_of_others() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let job = api.job(&user).await;
    api.put_job(&job, "succeeded");
    api.database().execute(&format!(
        "INSERT INTO task_results VALUES ('{job}', '{}', 1, 'the answer', 'stop', 0, '[]', 1, 2, 3, \
         'openai', 'some-model', NULL, 5, NULL, NULL, NULL, 'end_turn', NULL)",
        user.id
    ));
    assert!(
        api.get(&format!("/api/v1/jobs/{job}"), &user.key)
            .await
            .text
            .contains("the answer")
    );
    assert!(!list(&api, &user, "").await.text.contains("the answer"));
    assert_eq!(ids(&list(&api, &other, "").await.json()), [""; 0]);
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    let api = Api::new();
    let user = api.user().await;
    jobs(&api, &user, 3).await;
    let page = list(&api, &user, "?limit=1&status=queued").await.json();
    let cursor = page["nextCursor"].as_str().expect("a cursor");
    let foreign = api.user().await;
    jobs(&api, &foreign, 2).await;
    let foreign = list(&api, &foreign, "?limit=1").await.json();
    let foreign = foreign["nextCursor"].as_str().expect("a cursor");
    for (query, named) in [
        ("limit=0", "?limit"),
        ("limit=-1", "?limit"),
        ("limit=101", "?limit"),
        ("limit=1e9", "?limit"),
        ("limit=abc", "?limit"),
        ("limit=", "?limit"),
        ("limit=%201", "?limit"),
        ("limit=%2B5", "?limit"),
        ("limit=99999999999999999999", "?limit"),
        ("limit=1&limit=2", "?limit"),
        ("sort=drop", "?sort"),
        ("Status=queued", "?Status"),
        ("=x", "?"),
        ("status=done", "?status"),
        ("status=", "?status"),
        ("kind=workflow", "?kind"),
        ("refId=4711", "?refType"),
        ("refType=ticket", "?refId"),
        ("refType=a&refId=b%00c", "?refId"),
        ("refType=a&refId=%FF", "?refId"),
        ("createdAfter=yesterday", "?createdAfter"),
        ("createdAfter=2026-11-21", "?createdAfter"),
        ("createdAfter=2026-11-21T11:55:18+01:00", "?createdAfter"),
        ("createdBefore=1960-01-01T00:00:00Z", "?createdBefore"),
        ("cursor=x", "?cursor"),
        ("cursor=", "?cursor"),
        (&format!("cursor={cursor}"), "?cursor"),
        (&format!("cursor={cursor}&status=failed"), "?cursor"),
        (&format!("cursor={foreign}"), "?cursor"),
    ] {
        let reply = api.get(&format!("/api/v1/jobs?{query}"), &user.key).await;
        assert_eq!(
            (reply.status, reply.code()),
            (422, "validation-failed".to_owned()),
            "{query}"
        );
        assert_eq!(reply.named(), [named], "{query}");
    }
    list(&api, &user, &format!("?cursor={cursor}&status=queued")).await;
    list(
        &api,
        &user,
        &format!("?cursor={cursor}&status=queued&limit=50"),
    )
    .await;
}
