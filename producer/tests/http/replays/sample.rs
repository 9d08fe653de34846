//! A sample: some letters first, and what they came to decides.

use super::{begun, deliver, letters, read, run, sent};
use crate::support::{Api, Tenant};
use serde_json::{Value, json};

/// Ends jobs as a run would.
fn end(api: &Api, jobs: &[String], state: &str) {
    for job in jobs {
        let (code, cost) = if state == "succeeded" {
            ("NULL", "coalesce(cost_micro_usd, 0) + 7")
        } else {
            ("'provider_error'", "cost_micro_usd")
        };
        api.database().execute(&format!(
            "UPDATE jobs SET state = '{state}', due_at_ms = NULL, completed_at_ms = created_at_ms + 90000000, \
             expires_at_ms = created_at_ms + 99000000, error_code = {code}, cost_micro_usd = {cost} \
             WHERE id = '{job}'"
        ));
    }
}

async fn sampled(api: &Api, user: &Tenant) -> (String, Vec<String>, Vec<String>) {
    let made = letters(api, user, 30).await;
    let body = json!({
        "filter": {}, "maxPerSecond": 100, "sample": {"count": 4, "minSuccessPercent": 75}
    });
    let replay = begun(api, user, &body).await;
    deliver(api.ports()).await;
    let first = sent(api.ports());
    assert_eq!(first, made[..4]);
    (replay, first, made)
}

#[tokio::test]
async fn a_sample_that_is_good_enough_lets_the_others_follow() {
    let api = Api::new();
    let user = api.operator().await;
    let (replay, first, made) = sampled(&api, &user).await;
    end(&api, &first[..3], "succeeded");
    deliver(api.ports()).await;
    assert!(
        sent(api.ports()).is_empty(),
        "one of the sample has not ended"
    );
    let waiting = read(&api, &user, &replay).await;
    assert_eq!(
        waiting["sample"],
        json!({"count": 4, "minSuccessPercent": 75, "finished": 3, "succeeded": 3})
    );
    assert_eq!(
        (&waiting["status"], &waiting["estimatedEndAt"]),
        (&json!("running"), &Value::Null)
    );
    end(&api, &first[3..], "dead_lettered");
    run(api.ports()).await;
    assert_eq!(sent(api.ports()), made[4..]);
    let done = read(&api, &user, &replay).await;
    assert_eq!(
        (&done["status"], &done["replayed"]),
        (&json!("completed"), &json!(30))
    );
    assert_eq!(
        (
            &done["outcomes"]["succeeded"],
            &done["outcomes"]["deadLettered"]
        ),
        (&json!(3), &json!(1))
    );
    assert_eq!(done["costMicroUsd"], 21);
}

#[tokio::test]
async fn a_sample_that_is_not_stops_the_replay_until_somebody_goes_on() {
    let api = Api::new();
    let user = api.operator().await;
    let (replay, first, made) = sampled(&api, &user).await;
    end(&api, &first[..2], "succeeded");
    end(&api, &first[2..], "dead_lettered");
    run(api.ports()).await;
    assert!(sent(api.ports()).is_empty());
    let paused = read(&api, &user, &replay).await;
    assert_eq!(
        (&paused["status"], &paused["reason"]),
        (
            &json!("paused"),
            &json!("2 of the 4 letters of the sample succeeded, and 75 % were asked for")
        )
    );
    let entry = "SELECT actor || ' ' || (detail ->> '$.reason') FROM audit_log WHERE action = 'replay.pause'";
    assert!(api.database().text(entry).starts_with("system 2 of the 4"));
    let path = format!("/api/v1/replays/{replay}/resume");
    assert_eq!(api.post(&path, &user.key, &json!({})).await.status, 200);
    run(api.ports()).await;
    assert_eq!(sent(api.ports()), made[4..], "without a new sample");
    let done = read(&api, &user, &replay).await;
    assert_eq!(
        (&done["status"], &done["reason"]),
        (&json!("completed"), &Value::Null)
    );
}

#[tokio::test]
async fn a_pause_by_an_operator_does_not_waive_the_sample() {
    let api = Api::new();
    let user = api.operator().await;
    let (replay, first, _) = sampled(&api, &user).await;
    for wish in ["pause", "resume"] {
        let path = format!("/api/v1/replays/{replay}/{wish}");
        assert_eq!(api.post(&path, &user.key, &json!({})).await.status, 200);
    }
    end(&api, &first, "failed");
    run(api.ports()).await;
    assert_eq!(read(&api, &user, &replay).await["status"], "paused");
    assert!(sent(api.ports()).is_empty());
}

#[tokio::test]
async fn a_sample_of_all_there_is_is_the_whole_replay() {
    let api = Api::new();
    let user = api.operator().await;
    let made = letters(&api, &user, 3).await;
    let body = json!({"filter": {}, "sample": {"count": 50, "minSuccessPercent": 100}});
    let replay = begun(&api, &user, &body).await;
    run(api.ports()).await;
    assert_eq!(sent(api.ports()), made);
    assert_eq!(read(&api, &user, &replay).await["status"], "completed");
}
