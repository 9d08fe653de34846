//! `Idempotency-Key` on a batch.

use super::{ARRAY, LINES, accepted, lines, questions, rows, step, submit, upload};
use crate::support::{Api, Reply, Step, Tenant, with_header};
use redrive_shared::database::DatabaseError;
use redrive_shared::ids::BatchId;
use serde_json::json;

const DAY_MS: i64 = 86_400_000;

async fn keyed(api: &Api, user: &Tenant, key: &str, query: &str, body: &str) -> Reply {
    let request = upload(user, query, LINES, body.to_owned());
    api.send(with_header(request, "idempotency-key", key)).await
}

fn is_repeated(reply: &Reply) -> bool {
    reply.header("idempotent-replayed") == Some("true")
}

fn lost() -> Step {
    Step::FailAfter(DatabaseError::Transient(
        "Network connection lost".to_owned(),
    ))
}

/// Sees to it that every line of the batch becomes a job.
async fn check_whole(api: &Api, batch: &BatchId, count: u64) {
    step(api).await;
    assert_eq!(api.database().count("jobs"), count);
    let text = format!("SELECT jobs || '' FROM batches WHERE id = '{batch}'");
    assert_eq!(api.database().text(&text), count.to_string());
}

#[tokio::test]
async fn the_same_upload_under_a_key_is_one_batch() {
    let api = Api::new();
    let user = api.user().await;
    let first = keyed(&api, &user, "k", "", &questions(3)).await;
    let batch = accepted(&first);
    assert!(!is_repeated(&first));
    let stored = rows(&api);
    assert_eq!(stored, [1, 1, 1, 0]);
    for _ in 0..3 {
        let again = keyed(&api, &user, "k", "", &questions(3)).await;
        assert_eq!((again.status, is_repeated(&again)), (202, true));
        assert_eq!(again.text, first.text);
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(rows(&api), stored, "nothing is stored twice");
    }
    assert_eq!(api.ports().tasks.take().len(), 1);
    // Without a key, the same upload is another batch.
    assert_ne!(
        accepted(&submit(&api, &user, "", questions(3)).await),
        batch
    );
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let api = Api::new();
    let user = api.user().await;
    accepted(&keyed(&api, &user, "k", "", &questions(3)).await);
    let stored = rows(&api);
    for (query, body) in [
        ("", questions(4)),
        ("?model=m", questions(3)),
        ("?name=n", questions(3)),
        ("?onError=skip", questions(3)),
    ] {
        let refused = keyed(&api, &user, "k", query, &body).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (422, "idempotency-key-reused"),
            "{query}"
        );
        assert_eq!(rows(&api), stored, "{query}");
    }
    let array = upload(&user, "", ARRAY, json!([{"prompt": "p"}]).to_string());
    let refused = api.send(with_header(array, "idempotency-key", "k")).await;
    assert_eq!(refused.code(), "idempotency-key-reused");
    assert_eq!((rows(&api), api.ports().tasks.take().len()), (stored, 1));
    let garbled = keyed(&api, &user, "not a key!", "", &questions(3)).await;
    assert_eq!(
        (garbled.status, garbled.code().as_str()),
        (400, "idempotency-key-invalid")
    );
}

#[tokio::test]
async fn a_key_belongs_to_its_tenant_and_is_given_up_after_a_day() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let one = accepted(&keyed(&api, &user, "k", "", &questions(1)).await);
    let foreign = keyed(&api, &other, "k", "", &questions(2)).await;
    assert_ne!(accepted(&foreign), one);
    api.ports().clock.advance_millis(DAY_MS);
    let later = keyed(&api, &user, "k", "", &questions(2)).await;
    assert!(!is_repeated(&later));
    assert_ne!(accepted(&later), one);
}

#[tokio::test]
async fn of_uploads_at_once_under_a_key_one_is_stored() {
    let api = Api::new();
    let user = api.user().await;
    let replies = api.at_once(10, |_| {
        with_header(
            upload(&user, "", LINES, questions(3)),
            "idempotency-key",
            "k",
        )
    });
    let first = accepted(&replies[0]);
    assert!(replies.iter().all(|reply| accepted(reply) == first));
    assert_eq!(replies.iter().filter(|reply| is_repeated(reply)).count(), 9);
    assert_eq!(
        (rows(&api), api.ports().tasks.take().len()),
        ([1, 1, 1, 0], 1)
    );
}

#[tokio::test]
async fn an_answer_of_the_database_that_was_lost_once_changes_nothing() {
    for key in [None, Some("k")] {
        // The key is read, the file made, its chunk stored, the batch inserted.
        for before in 0..=3 {
            let api = Api::new();
            let user = api.user().await;
            let mut script = vec![Step::Run; before];
            script.push(lost());
            api.database().script(script);
            let request = upload(&user, "", LINES, questions(3));
            let reply = match key {
                Some(key) => api.send(with_header(request, "idempotency-key", key)).await,
                None => api.send(request).await,
            };
            let batch = accepted(&reply);
            assert!(!is_repeated(&reply), "{before}");
            assert_eq!(rows(&api), [1, 1, 1, 0], "{before}");
            check_whole(&api, &batch, 3).await;
        }
    }
}

#[tokio::test]
async fn a_batch_whose_insert_is_never_confirmed_is_whole_and_found_under_its_key() {
    let api = Api::new();
    let user = api.user().await;
    let mut script = vec![Step::Run; 3];
    script.extend([lost(), lost(), lost()]);
    api.database().script(script);
    let unknown = keyed(&api, &user, "k", "", &questions(3)).await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (503, "storage-unavailable")
    );
    assert_eq!(
        rows(&api),
        [1, 1, 1, 0],
        "it may have been inserted, so its lines stay"
    );
    let again = keyed(&api, &user, "k", "", &questions(3)).await;
    let batch = accepted(&again);
    assert!(is_repeated(&again));
    assert_eq!(rows(&api), [1, 1, 1, 0]);
    // Its first message was never sent: the sweep finds the step that is due.
    let message = json!({"v": 1, "task": "batch", "id": batch.as_str(), "tenant": user.id});
    super::deliver(&api, &message.to_string()).await;
    assert_eq!(api.database().count("jobs"), 3);
    let errors = api
        .get(&format!("{}/{batch}/errors", super::BATCHES), &user.key)
        .await;
    assert!(lines(&errors).is_empty());
}
