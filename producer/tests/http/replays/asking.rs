//! What is asked for, what is refused, and the list.

use super::{REPLAYS, begin, begun, letters, read, run};
use crate::support::{Api, Reply, Step, request, with_header};
use http::Method;
use redrive_shared::database::DatabaseError;
use redrive_shared::sweep::sweep;
use serde_json::{Value, json};

#[tokio::test]
async fn a_dry_run_tells_and_changes_nothing() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 4).await;
    api.database().execute(&format!(
        "UPDATE jobs SET request = NULL WHERE id = '{}'",
        made[0]
    ));
    api.database().execute(&format!(
        "UPDATE jobs SET model = 'dear' WHERE id = '{}'",
        made[1]
    ));
    let day = "2026-11-21";
    api.database().execute(&format!(
        "INSERT INTO usage_daily VALUES ('{day}', '{}', 'openai', 'gpt-4o-mini', 6, 4, 1, 1, 0, 0, 1000, 0, 0)",
        user.id
    ));
    let dry = |more: Value| {
        let mut body = json!({"filter": {"kind": "generate"}, "dryRun": true});
        body.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        body
    };
    let answer = begin(&api, &user, &dry(json!({}))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut told = answer.json();
    let groups = told["groups"].take();
    assert_eq!(
        (groups[0]["count"].clone(), groups.as_array().map(Vec::len)),
        (json!(4), Some(1))
    );
    assert_eq!(
        told,
        json!({"matched": 4, "payloadDeleted": 1, "groups": null, "estimatedCostMicroUsd": 500, "withoutEstimate": 1})
    );
    let named = dry(json!({"overrides": {"model": "unheard-of"}}));
    let told = begin(&api, &user, &named).await.json();
    assert_eq!(
        (&told["estimatedCostMicroUsd"], &told["withoutEstimate"]),
        (&Value::Null, &json!(3))
    );
    let nothing = json!({"filter": {"code": "poison"}, "dryRun": true});
    assert_eq!(
        begin(&api, &user, &nothing).await.json(),
        json!({"matched": 0, "payloadDeleted": 0, "groups": [], "withoutEstimate": 0})
    );
    assert_eq!(api.database().count("replays"), 0);
    assert!(api.ports().tasks.take().is_empty());
}

#[tokio::test]
async fn a_tenant_has_one_replay_at_a_time() {
    let api = Api::new();
    let (user, other) = (api.operator().await, api.operator().await);
    letters(&api, &user, 2).await;
    letters(&api, &other, 1).await;
    let body = json!({"filter": {}});
    let replies = api.at_once(8, |_| {
        request(Method::POST, REPLAYS, &user.key, Some(&body))
    });
    let first: Vec<&Reply> = replies
        .iter()
        .filter(|answer| answer.status == 202)
        .collect();
    assert_eq!(first.len(), 1);
    let replay = first[0].json()["replayId"].clone();
    for refused in replies.iter().filter(|answer| answer.status != 202) {
        assert_eq!(
            (refused.status, refused.code()),
            (409, "replay-running".to_owned())
        );
        assert_eq!(refused.json()["replayId"], replay);
    }
    begun(&api, &other, &body).await;
    assert_eq!(api.database().count("replays"), 2);
    assert_eq!(
        api.database()
            .count("audit_log WHERE action = 'replay.create'"),
        2
    );
    run(api.ports()).await;
    let answer = begin(&api, &user, &body).await;
    assert_eq!(
        (answer.status, answer.code()),
        (422, "nothing-matches".to_owned())
    );
}

#[tokio::test]
async fn a_replay_that_matches_nothing_is_refused() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 1).await;
    for body in [
        json!({"filter": {"code": "poison"}}),
        json!({"filter": {"batchId": "bat_0192f0c1000070008000000000000003"}}),
        json!({"jobIds": ["job_0192f0c1000070008000000000000003"]}),
    ] {
        let answer = begin(&api, &user, &body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (422, "nothing-matches".to_owned()),
            "{body}"
        );
    }
    assert_eq!(api.database().count("replays"), 0);
    assert_eq!(
        api.database()
            .count("audit_log WHERE action LIKE 'replay%'"),
        0
    );
}

#[tokio::test]
async fn a_wrong_body_begins_nothing() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 1).await;
    for (body, named) in [
        (json!({}), "/filter"),
        (json!({"filter": {"code": "x"}}), "/filter/code"),
        (
            json!({"filter": {}, "overrides": {"provider": "nobody"}}),
            "/overrides/provider",
        ),
        (
            json!({"filter": {}, "overrides": {"providers": [{"provider": "nobody"}]}}),
            "/overrides/providers/0/provider",
        ),
        (json!({"filter": {}, "maxPerSecond": 0}), "/maxPerSecond"),
        (
            json!({"filter": {}, "sample": {"count": 1}}),
            "/sample/minSuccessPercent",
        ),
    ] {
        let answer = begin(&api, &user, &body).await;
        assert_eq!(
            (answer.status, answer.named()),
            (422, vec![named.to_owned()]),
            "{body}"
        );
    }
    let named = json!({"jobIds": vec!["job_0192f0c1000070008000000000000003"; 1_001]});
    assert_eq!(begin(&api, &user, &named).await.named(), ["/jobIds"]);
    assert_eq!(api.database().count("replays"), 0);
}

#[tokio::test]
async fn a_request_with_a_key_is_answered_alike_however_often_it_is_sent() {
    let api = Api::new();
    let user = api.operator().await;
    letters(&api, &user, 2).await;
    let body = json!({"filter": {}});
    let send = async |body: &Value| {
        let post = request(Method::POST, REPLAYS, &user.key, Some(body));
        api.send(with_header(post, "idempotency-key", "k")).await
    };
    let lost = DatabaseError::Overloaded("overloaded".to_owned());
    api.database().script([Step::FailAfter(lost)]);
    assert_eq!(send(&body).await.status, 503);
    let again = send(&body).await;
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (202, Some("true"))
    );
    // Its first message was never sent: that is for the sweep.
    api.ports().clock.advance_millis(120_000);
    sweep(api.ports(), 60).await.expect("sweeps");
    run(api.ports()).await;
    let after = send(&body).await;
    assert_eq!(after.json(), again.json());
    let other = send(&json!({"filter": {"code": "poison"}})).await;
    assert_eq!(
        (other.status, other.code()),
        (422, "idempotency-key-reused".to_owned())
    );
    assert_eq!(api.database().count("replays"), 1);
    api.ports().clock.advance_millis(86_400_001);
    letters(&api, &user, 1).await;
    let fresh = api.key(&user.id, &["ops:write"]).await;
    let post = request(Method::POST, REPLAYS, &fresh, Some(&body));
    let new = api.send(with_header(post, "idempotency-key", "k")).await;
    assert_eq!((new.status, new.header("idempotent-replayed")), (202, None));
    assert_ne!(new.json()["replayId"], again.json()["replayId"]);
}

#[tokio::test]
async fn replays_are_listed_newest_first() {
    let api = Api::new();
    let user = api.operator().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.insert(0, api.replay(&user).await);
        run(api.ports()).await;
        api.ports().clock.advance_millis(1_000);
    }
    let page = api
        .get(&format!("{REPLAYS}?limit=2"), &user.key)
        .await
        .json();
    let ids = |page: &Value| -> Vec<String> {
        let data = page["data"].as_array().expect("a list").iter();
        data.map(|replay| replay["replayId"].as_str().expect("an id").to_owned())
            .collect()
    };
    assert_eq!(ids(&page), made[..2]);
    assert_eq!(page["data"][0], read(&api, &user, &made[0]).await);
    let cursor = page["nextCursor"].as_str().expect("a cursor");
    let rest = api
        .get(&format!("{REPLAYS}?cursor={cursor}"), &user.key)
        .await
        .json();
    assert_eq!(
        (ids(&rest), &rest["nextCursor"]),
        (made[2..].to_vec(), &Value::Null)
    );
    for path in [
        format!("{REPLAYS}/{}/jobs?cursor={cursor}", made[0]),
        format!("{REPLAYS}?cursor=x"),
        format!("/api/v1/audit?cursor={cursor}"),
    ] {
        let answer = api.get(&path, &user.key).await;
        assert_eq!(answer.named(), ["?cursor"], "{path}");
    }
    let stranger = api.operator().await;
    let answer = api
        .get(&format!("{REPLAYS}?cursor={cursor}"), &stranger.key)
        .await;
    assert_eq!(answer.named(), ["?cursor"]);
}
