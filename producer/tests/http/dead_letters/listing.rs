//! The list: pages, filters, groups.

use super::{LETTERS, dead, ids, list};
use crate::support::Api;
use serde_json::json;

#[tokio::test]
async fn pages_follow_each_other_while_letters_come_and_go() {
    let api = Api::new();
    let user = api.operator().await;
    let made = dead(&api, &user, 250).await;
    let mut seen = Vec::new();
    let mut query = "?limit=100".to_owned();
    loop {
        let page = list(&api, &user, &query).await;
        seen.extend(ids(&page));
        // One dies, and one that was seen is replayed: the pages that follow do not shift.
        dead(&api, &user, 1).await;
        let replay = format!("{LETTERS}/{}/replay", seen[seen.len() - 1]);
        assert_eq!(api.post(&replay, &user.key, &json!({})).await.status, 202);
        match page["nextCursor"].as_str() {
            Some(cursor) => query = format!("?limit=100&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, made);
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let api = Api::new();
    let user = api.operator().await;
    let made = dead(&api, &user, 4).await;
    api.database().execute(&format!(
        "UPDATE jobs SET error_code = 'provider_auth' WHERE id IN ('{}', '{}')",
        made[0], made[2]
    ));
    let other = api.operator().await;
    dead(&api, &other, 1).await;
    for (query, expected) in [
        ("", vec![&made[0], &made[1], &made[2], &made[3]]),
        ("?code=provider_auth", vec![&made[0], &made[2]]),
        ("?code=poison", vec![]),
        ("?code=provider_error&limit=1", vec![&made[1]]),
        (
            "?createdAfter=2026-11-21T10:55:19.372Z",
            vec![&made[0], &made[1]],
        ),
        (
            "?createdBefore=2026-11-21T10:55:19.372Z&code=provider_auth",
            vec![&made[2]],
        ),
    ] {
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(ids(&list(&api, &user, query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn filters_combine() {
    let api = Api::new();
    let user = api.operator().await;
    let made = dead(&api, &user, 3).await;
    let batch = "bat_0192f0c1000070008000000000000003";
    api.database().execute(&format!(
        "UPDATE jobs SET error_provider = 'azure', model = 'm', kind = 'execute', ref_type = 'order', \
         ref_id = '7', fingerprint = 'f', attempt = 9, batch_id = '{batch}', line = 1, \
         completed_at_ms = completed_at_ms + 60000 WHERE id = '{}'",
        made[1]
    ));
    let parts = [
        "provider=azure".to_owned(),
        "model=m".to_owned(),
        "kind=execute".to_owned(),
        "refType=order&refId=7".to_owned(),
        "fingerprint=f".to_owned(),
        "minAttempts=9".to_owned(),
        "deadAfter=2026-11-21T10:56:00Z".to_owned(),
        format!("batchId={batch}"),
    ];
    for part in &parts {
        let page = list(&api, &user, &format!("?{part}")).await;
        assert_eq!(ids(&page), [made[1].as_str()], "{part}");
    }
    let all = parts.join("&");
    let page = list(&api, &user, &format!("?{all}")).await;
    assert_eq!(ids(&page), [made[1].as_str()]);
    let none = list(&api, &user, &format!("?{all}&code=poison")).await;
    assert_eq!(none, json!({"data": [], "nextCursor": null}));
    let page = list(&api, &user, "?deadBefore=2026-11-21T10:56:00Z").await;
    assert_eq!(ids(&page), [made[0].as_str(), &made[2]]);
}

#[tokio::test]
async fn groups_count_the_letters_of_one_cause() {
    let api = Api::new();
    let user = api.operator().await;
    let groups = async |query: &str| {
        let reply = api
            .get(&format!("{LETTERS}/groups{query}"), &user.key)
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    };
    let none = json!({"data": [], "total": 0, "truncated": false});
    assert_eq!(groups("").await, none);
    let made = dead(&api, &user, 3).await;
    api.database().execute(&format!(
        "UPDATE jobs SET fingerprint = 'poison:-:azure:m:-', error_code = 'poison', \
         error_provider = 'azure', model = 'm', cost_micro_usd = 9 WHERE id <> '{}'",
        made[1]
    ));
    let other = api.operator().await;
    dead(&api, &other, 1).await;
    let poison = json!({
        "fingerprint": "poison:-:azure:m:-", "code": "poison", "provider": "azure", "model": "m",
        "count": 2, "firstAt": "2026-11-21T10:55:17.382Z", "lastAt": "2026-11-21T10:55:19.382Z",
        "sampleJobId": made[0], "costMicroUsd": 18
    });
    let broken = json!({
        "fingerprint": "provider_error:-:-:-:-", "code": "provider_error", "model": "gpt-4o-mini",
        "count": 1, "firstAt": "2026-11-21T10:55:18.382Z", "lastAt": "2026-11-21T10:55:18.382Z",
        "sampleJobId": made[1]
    });
    assert_eq!(
        groups("").await,
        json!({"data": [poison, broken], "total": 3, "truncated": false})
    );
    assert_eq!(
        groups("?code=provider_error").await,
        json!({"data": [broken], "total": 1, "truncated": false})
    );
    assert_eq!(groups("?provider=openai").await, none);
    let reply = api
        .get(&format!("{LETTERS}/groups?limit=1"), &user.key)
        .await;
    assert_eq!(reply.named(), ["?limit"]);
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    let api = Api::new();
    let user = api.operator().await;
    dead(&api, &user, 3).await;
    let page = list(&api, &user, "?limit=1&code=provider_error").await;
    let cursor = page["nextCursor"].as_str().expect("a cursor");
    let jobs = api.get("/api/v1/jobs?limit=1", &user.key).await.json();
    let of_jobs = jobs["nextCursor"].as_str().expect("a cursor");
    let of_none = list(&api, &user, "?limit=1").await;
    let of_none = of_none["nextCursor"].as_str().expect("a cursor");
    for (query, named) in [
        ("limit=0", "?limit"),
        ("limit=-1", "?limit"),
        ("limit=101", "?limit"),
        ("limit=1e9", "?limit"),
        ("limit=abc", "?limit"),
        ("sort=drop", "?sort"),
        ("status=dead_lettered", "?status"),
        ("code=", "?code"),
        ("code=unknown", "?code"),
        ("code=Poison", "?code"),
        ("code=poison&code=poison", "?code"),
        ("code=poison'--", "?code"),
        ("provider=", "?provider"),
        ("kind=sort", "?kind"),
        ("batchId=job_0192f0c1000070008000000000000000", "?batchId"),
        ("refId=7", "?refType"),
        ("refType=order", "?refId"),
        ("minAttempts=0", "?minAttempts"),
        ("minAttempts=1.5", "?minAttempts"),
        ("minAttempts=+1", "?minAttempts"),
        ("deadAfter=0", "?deadAfter"),
        ("jobIds=x", "?jobIds"),
        ("createdAfter=yesterday", "?createdAfter"),
        ("createdBefore=1960-01-01T00:00:00Z", "?createdBefore"),
        ("cursor=x", "?cursor"),
        (&format!("cursor={of_jobs}"), "?cursor"),
        (&format!("cursor={of_none}&code=poison"), "?cursor"),
        (&format!("cursor={cursor}"), "?cursor"),
    ] {
        let reply = api.get(&format!("{LETTERS}?{query}"), &user.key).await;
        assert_eq!(
            (reply.status, reply.code()),
            (422, "validation-failed".to_owned()),
            "{query}"
        );
        assert_eq!(reply.named(), [named], "{query}");
    }
    list(
        &api,
        &user,
        &format!("?cursor={cursor}&code=provider_error"),
    )
    .await;
    let reply = api.get(&format!("{LETTERS}/job_0?x=1"), &user.key).await;
    assert_eq!(reply.named(), ["?x"]);
}
