//! `POST /api/v1/batches/{id}/cancel`.

use super::{BATCHES, accepted, column, end, lines, questions, step, steps_to_the_end, submit};
use crate::support::{Api, Reply, Tenant};
use redrive_shared::ids::BatchId;
use serde_json::json;

async fn cancel(api: &Api, user: &Tenant, batch: &BatchId) -> Reply {
    api.post(&format!("{BATCHES}/{batch}/cancel"), &user.key, &json!({}))
        .await
}

async fn document(api: &Api, user: &Tenant, batch: &BatchId) -> serde_json::Value {
    api.get(&format!("{BATCHES}/{batch}"), &user.key)
        .await
        .json()
}

#[tokio::test]
async fn a_cancelled_batch_ends_what_waits_and_lets_go_on_what_runs() {
    let api = Api::new();
    let user = api.user().await;
    let batch = accepted(&submit(&api, &user, "", questions(1_200)).await);
    step(&api).await;
    end(&api, &user, &batch, 0, "succeeded");
    end(&api, &user, &batch, 1, "running");
    end(&api, &user, &batch, 2, "retry_scheduled");
    let reply = cancel(&api, &user, &batch).await;
    assert_eq!(
        (reply.status, &reply.json()["status"]),
        (202, &json!("cancelling"))
    );
    assert_eq!(reply.json()["lines"], 1_200);

    steps_until_cancelled_jobs(&api, &user, &batch).await;
    let waiting = document(&api, &user, &batch).await;
    assert_eq!(waiting["status"], "cancelling", "one runs: {waiting}");
    assert_eq!(
        (&waiting["counts"]["queued"], &waiting["counts"]["running"]),
        (&json!(0), &json!(1))
    );
    end(&api, &user, &batch, 1, "succeeded");
    steps_to_the_end(&api).await;
    let ended = document(&api, &user, &batch).await;
    assert_eq!(ended["status"], "cancelled", "{ended}");
    assert_eq!(
        (&ended["counts"]["succeeded"], &ended["counts"]["cancelled"]),
        (&json!(2), &json!(1_198))
    );
    assert_eq!(
        (&ended["counts"]["pending"], &ended["percent"]),
        (&json!(0), &json!(100.0))
    );

    let path = format!("{BATCHES}/{batch}/errors");
    let errors = lines(&api.get(&path, &user.key).await);
    assert_eq!(errors.len(), 1_198);
    let expected: Vec<String> = (3..=1_200).map(|line| format!("q-{line}")).collect();
    assert_eq!(column(&errors, "customId"), expected);
    assert!(
        errors
            .iter()
            .all(|line| line["error"]["code"] == "cancelled")
    );
}

/// Takes steps until none of the batch's jobs waits.
async fn steps_until_cancelled_jobs(api: &Api, user: &Tenant, batch: &BatchId) {
    for _ in 0..10 {
        step(api).await;
        if document(api, user, batch).await["counts"]["queued"] == 0 {
            return;
        }
    }
    panic!("jobs wait still: {}", document(api, user, batch).await);
}

#[tokio::test]
async fn a_batch_is_cancelled_twice_alike_and_not_after_its_end() {
    let api = Api::new();
    let user = api.user().await;
    let batch = accepted(&submit(&api, &user, "", questions(3)).await);
    let first = cancel(&api, &user, &batch).await;
    let second = cancel(&api, &user, &batch).await;
    assert_eq!((first.status, second.status), (202, 202));
    assert_eq!(first.json(), second.json());
    steps_to_the_end(&api).await;
    let third = cancel(&api, &user, &batch).await;
    assert_eq!(
        (third.status, &third.json()["status"]),
        (202, &json!("cancelled"))
    );
    assert_eq!(third.json()["counts"]["cancelled"], 3);
    assert_eq!(api.database().count("jobs"), 0, "no line became a job");
    let path = format!("{BATCHES}/{batch}/errors");
    assert_eq!(lines(&api.get(&path, &user.key).await).len(), 3);

    let done = accepted(&submit(&api, &user, "", questions(1)).await);
    step(&api).await;
    end(&api, &user, &done, 0, "succeeded");
    steps_to_the_end(&api).await;
    let refused = cancel(&api, &user, &done).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (409, "batch-ended")
    );
    assert_eq!(document(&api, &user, &done).await["status"], "completed");
}

#[tokio::test]
async fn a_cancellation_takes_no_fields() {
    let api = Api::new();
    let user = api.user().await;
    let batch = accepted(&submit(&api, &user, "", questions(1)).await);
    let path = format!("{BATCHES}/{batch}/cancel");
    let refused = api.post(&path, &user.key, &json!({"reason": "x"})).await;
    assert_eq!(
        (refused.status, refused.named()),
        (422, vec!["/reason".to_owned()])
    );
    let refused = api
        .post(&format!("{path}?now=1"), &user.key, &json!({}))
        .await;
    assert_eq!(
        (refused.status, refused.named()),
        (422, vec!["?now".to_owned()])
    );
    let reader = api.key(&user.id, &["jobs:read"]).await;
    assert_eq!(
        api.post(&path, &reader, &json!({})).await.code(),
        "insufficient-scope"
    );
    assert_eq!(document(&api, &user, &batch).await["status"], "in_progress");
}
