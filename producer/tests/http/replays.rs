//! `/api/v1/replays`: many dead letters put back, with the steps that the consumer takes.

mod asking;
mod control;
mod sample;

use crate::support::{Api, Reply, Tenant, TestPorts, configuration};
use redrive_shared::clock::Clock;
use redrive_shared::run::{Delivered, Disposition};
use redrive_shared::task;
use serde_json::{Value, json};

pub(crate) const REPLAYS: &str = "/api/v1/replays";

/// Begins a replay; answers what it said.
pub(crate) async fn begin(api: &Api, user: &Tenant, body: &Value) -> Reply {
    api.post(REPLAYS, &user.key, body).await
}

/// Begins a replay; answers its id.
pub(crate) async fn begun(api: &Api, user: &Tenant, body: &Value) -> String {
    let answer = begin(api, user, body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()["replayId"]
        .as_str()
        .expect("an id")
        .to_owned()
}

pub(crate) async fn read(api: &Api, user: &Tenant, replay: &str) -> Value {
    let answer = api.get(&format!("{REPLAYS}/{replay}"), &user.key).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Dead letters; the oldest first. They died before now.
pub(crate) async fn letters(api: &Api, user: &Tenant, number: usize) -> Vec<String> {
    let mut made = Vec::new();
    for _ in 0..number {
        made.push(api.dead(user).await);
        api.ports().clock.advance_millis(20);
    }
    made
}

/// Delivers what waits in the task queue, once, when its delay is over.
pub(crate) async fn deliver(ports: &TestPorts) -> Vec<Disposition> {
    let delay = ports.tasks.delays().into_iter().max().unwrap_or_default();
    ports.clock.advance_millis(i64::from(delay) * 1_000);
    let bodies = ports.tasks.take();
    let delivered = bodies.into_iter().map(|body| Delivered {
        id: "m".to_owned(),
        queue: "redrive-tasks".to_owned(),
        body: Some(body),
        deliveries: 1,
    });
    let messages: Vec<Delivered> = delivered.collect();
    task::receive(ports, &configuration(), &messages).await
}

/// Delivers until nothing waits any more.
pub(crate) async fn run(ports: &TestPorts) {
    for _ in 0..1_000 {
        if deliver(ports).await.is_empty() {
            return;
        }
    }
    panic!("it never ends");
}

/// The jobs that the bulk queue was given, in order.
pub(crate) fn sent(ports: &TestPorts) -> Vec<String> {
    let bodies = ports.bulk_jobs.take();
    let job = |body: &String| {
        let body: Value = serde_json::from_str(body).expect("JSON");
        body["job"].as_str().expect("an id").to_owned()
    };
    bodies.iter().map(job).collect()
}

#[tokio::test]
async fn letters_that_match_are_put_back_once_and_tell_their_replay() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 5).await;
    let (meant, other) = (&made[..4], &made[4]);
    api.database().execute(&format!(
        "UPDATE jobs SET error_code = 'poison' WHERE id = '{other}'"
    ));
    let body = json!({
        "filter": {"code": "provider_error"}, "maxPerSecond": 100, "note": "it is up again",
        "overrides": {"maxAttempts": 2, "deadlineSeconds": 60}
    });
    let answer = begin(&api, &user, &body).await;
    assert_eq!(answer.status, 202);
    let told = answer.json();
    let replay = told["replayId"].as_str().expect("an id");
    let url = format!("http://api.test{REPLAYS}/{replay}");
    assert_eq!(answer.header("location"), Some(url.as_str()));
    assert_eq!(
        told,
        json!({"success": true, "replayId": replay, "status": "running", "statusUrl": url, "matched": 4})
    );
    // What dies from now on is not meant.
    let later = api.dead(&user).await;
    api.database().execute(&format!(
        "UPDATE jobs SET completed_at_ms = created_at_ms + 5000 WHERE id = '{later}'"
    ));
    run(api.ports()).await;
    assert_eq!(sent(api.ports()), meant);
    let done = read(&api, &user, replay).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(
        (&done["replayed"], &done["skipped"], &done["remaining"]),
        (&json!(4), &json!(0), &json!(0))
    );
    assert_eq!(done["outcomes"]["queued"], 4);
    assert_eq!(done["filter"], json!({"code": "provider_error"}));
    assert_eq!(
        done["overrides"],
        json!({"maxAttempts": 2, "deadlineSeconds": 60})
    );
    assert_eq!(done["note"], "it is up again");
    let key = api.database().text("SELECT actor FROM replays");
    assert_eq!(done["actor"], key.as_str());
    for job in meant {
        let job = api
            .get(&format!("/api/v1/jobs/{job}"), &user.key)
            .await
            .json();
        assert_eq!(
            (&job["status"], &job["attempt"]),
            (&json!("queued"), &json!(1))
        );
        let lineage = &job["replays"][0];
        assert_eq!(lineage["replayId"], *replay);
        assert_eq!(lineage["auditId"], replay.replace("rep_", "aud_"));
        assert_eq!(lineage["actor"], key.as_str());
        assert_eq!(
            (&lineage["afterAttempt"], &lineage["code"]),
            (&json!(1), &json!("provider_error"))
        );
    }
    let columns = "SELECT DISTINCT bulk || ' ' || failures || ' ' || max_attempts || ' ' || \
                   (deadline_at_ms - due_at_ms) FROM jobs WHERE state = 'queued'";
    assert_eq!(api.database().text(columns), "1 0 2 60000");
    assert_eq!(
        api.database().count("jobs WHERE state = 'dead_lettered'"),
        2
    );
    let jobs = api
        .get(&format!("{REPLAYS}/{replay}/jobs?limit=3"), &user.key)
        .await
        .json();
    let listed: Vec<&str> = jobs["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|job| job["jobId"].as_str().expect("an id"))
        .collect();
    assert_eq!(listed, meant[..3]);
    let cursor = jobs["nextCursor"].as_str().expect("a cursor");
    let rest = format!("{REPLAYS}/{replay}/jobs?limit=3&cursor={cursor}");
    let rest = api.get(&rest, &user.key).await.json();
    assert_eq!(
        rest,
        json!({"data": [{"jobId": meant[3], "status": "queued"}], "nextCursor": null})
    );
}

#[tokio::test]
async fn letters_are_named_one_by_one() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 3).await;
    let alive = api.job(&user).await;
    let body = json!({"jobIds": [made[2], alive, made[0], made[2]]});
    let replay = begun(&api, &user, &body).await;
    run(api.ports()).await;
    assert_eq!(sent(api.ports()), [made[0].as_str(), &made[2]]);
    let done = read(&api, &user, &replay).await;
    assert_eq!(
        (&done["matched"], &done["replayed"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(done["jobIds"].as_array().map(Vec::len), Some(3));
    assert_eq!(done["filter"], Value::Null);
}

#[tokio::test]
async fn a_letter_that_dies_again_is_not_put_back_a_second_time() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 30).await;
    let replay = begun(&api, &user, &json!({"filter": {}, "maxPerSecond": 1})).await;
    deliver(api.ports()).await;
    let put_back = sent(api.ports());
    assert!(
        put_back.len() > 5 && put_back.len() < 30,
        "{}",
        put_back.len()
    );
    for job in &put_back {
        let now = api.ports().clock.now().as_millis();
        api.database().execute(&format!(
            "UPDATE jobs SET state = 'dead_lettered', due_at_ms = NULL, completed_at_ms = {now}, \
             expires_at_ms = {now} WHERE id = '{job}'"
        ));
    }
    run(api.ports()).await;
    let rest = sent(api.ports());
    assert_eq!([put_back.clone(), rest].concat(), made);
    let done = read(&api, &user, &replay).await;
    assert_eq!(
        (&done["status"], &done["replayed"]),
        (&json!("completed"), &json!(30))
    );
    assert_eq!(done["outcomes"]["deadLettered"], put_back.len());
}

#[tokio::test]
async fn what_cannot_be_put_back_is_passed_over_and_counted() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 4).await;
    let replay = begun(&api, &user, &json!({"filter": {}})).await;
    api.database().execute(&format!(
        "UPDATE jobs SET request = NULL WHERE id = '{}'",
        made[1]
    ));
    let single = format!("/api/v1/dead-letters/{}/replay", made[3]);
    assert_eq!(api.post(&single, &user.key, &json!({})).await.status, 202);
    run(api.ports()).await;
    assert_eq!(sent(api.ports()), [made[0].as_str(), &made[2]]);
    let done = read(&api, &user, &replay).await;
    assert_eq!(
        (&done["matched"], &done["replayed"], &done["skipped"]),
        (&json!(4), &json!(2), &json!(2))
    );
}

#[tokio::test]
async fn overrides_are_settled_for_each_letter() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 3).await;
    api.database().execute(&format!(
        "UPDATE jobs SET kind = 'execute' WHERE id = '{}'",
        made[0]
    ));
    api.database().execute(&format!(
        "UPDATE jobs SET request = 'garbage' WHERE id = '{}'",
        made[1]
    ));
    let body = json!({"filter": {}, "overrides": {"model": "gpt-4o"}});
    let replay = begun(&api, &user, &body).await;
    run(api.ports()).await;
    assert_eq!(sent(api.ports()), [made[2].as_str()]);
    let done = read(&api, &user, &replay).await;
    assert_eq!(
        (&done["replayed"], &done["skipped"]),
        (&json!(1), &json!(2))
    );
    let asked = "SELECT model || ' ' || (request ->> '$.providers[0].provider') || ' ' || \
                 (request ->> '$.providers[0].model') || ' ' || (request ->> '$.messages[0].content') \
                 FROM jobs WHERE state = 'queued'";
    assert_eq!(api.database().text(asked), "gpt-4o openai gpt-4o Hello");
}
