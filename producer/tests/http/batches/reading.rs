//! What is told of a batch: where it stands, what came of its lines, and which brought nothing.

mod results;

use super::{BATCHES, accepted, end, questions, step, steps_to_the_end, submit};
use crate::support::{Api, Reply, Tenant};
use redrive_shared::ids::BatchId;
use serde_json::{Value, json};

async fn get(api: &Api, user: &Tenant, batch: &BatchId, rest: &str) -> Reply {
    api.get(&format!("{BATCHES}/{batch}{rest}"), &user.key)
        .await
}

/// A batch of so many lines that are jobs by now.
async fn made(api: &Api, user: &Tenant, count: u32) -> BatchId {
    let batch = accepted(&submit(api, user, "", questions(count)).await);
    step(api).await;
    batch
}

fn counts(document: &Value) -> u64 {
    let counts = document["counts"].as_object().expect("counts");
    counts.values().filter_map(Value::as_u64).sum()
}

#[tokio::test]
async fn the_document_of_a_batch_says_where_each_line_stands() {
    let api = Api::new();
    let user = api.user().await;
    let body = questions(8) + "{nonsense\n";
    let batch = accepted(&submit(&api, &user, "?onError=skip&name=mine", body).await);
    let url = format!("http://api.test{BATCHES}/{batch}");
    let none = json!({
        "pending": 9, "queued": 0, "running": 0, "retryScheduled": 0, "succeeded": 0, "failed": 0,
        "deadLettered": 0, "cancelled": 0
    });
    let reply = get(&api, &user, &batch, "").await;
    assert_eq!(
        reply.json(),
        json!({
            "batchId": batch.as_str(), "name": "mine", "status": "in_progress",
            "createdAt": "2026-11-21T10:55:17.372Z", "lines": 9, "invalidLines": 1, "counts": none,
            "percent": 0.0, "deadLettersByCode": {}, "resultsUrl": format!("{url}/results"),
            "errorsUrl": format!("{url}/errors")
        })
    );
    assert_eq!(
        (reply.header("retry-after"), reply.header("etag")),
        (Some("1"), None)
    );

    step(&api).await;
    for (place, state) in [
        (0, "succeeded"),
        (1, "succeeded"),
        (2, "dead_lettered"),
        (3, "running"),
        (4, "retry_scheduled"),
        (5, "dead_lettered"),
        (6, "failed"),
    ] {
        end(&api, &user, &batch, place, state);
    }
    let document = get(&api, &user, &batch, "").await.json();
    assert_eq!(
        document["counts"],
        json!({
            "pending": 0, "queued": 1, "running": 1, "retryScheduled": 1, "succeeded": 2, "failed": 2,
            "deadLettered": 2, "cancelled": 0
        })
    );
    assert_eq!(counts(&document), 9);
    assert_eq!(
        (&document["percent"], &document["deadLettersByCode"]),
        (&json!(66.6), &json!({"provider_error": 2}))
    );
    assert!(document["startedAt"].is_string() && document["completedAt"].is_null());

    for place in [3, 4, 7] {
        end(&api, &user, &batch, place, "succeeded");
    }
    steps_to_the_end(&api).await;
    let reply = get(&api, &user, &batch, "").await;
    let document = reply.json();
    assert_eq!(
        (&document["status"], &document["percent"]),
        (&json!("completed"), &json!(100.0))
    );
    assert_eq!(counts(&document), 9);
    assert!(document["completedAt"].is_string() && document["estimatedEndAt"].is_null());
    assert_eq!(reply.header("retry-after"), None);
}

#[tokio::test]
async fn a_batch_whose_lines_could_not_be_read_says_from_which_on_to_submit_again() {
    let api = Api::new();
    let user = api.user().await;
    let batch = made(&api, &user, 3).await;
    api.database().execute(
        "UPDATE batches SET status = 'failed', due_at_ms = NULL, completed_at_ms = 900000, expires_at_ms = 900000,
         unreadable_at_ms = 0, lines = 10, line = 7, jobs = 3",
    );
    let shown = get(&api, &user, &batch, "").await.json();
    assert_eq!(shown["status"], "failed");
    let expected = json!({
        "code": "lines_unreadable",
        "detail": "Its lines from line 7 on cannot be read any more, and 7 of them became no job: \
                   submit the lines from line 7 on again.",
        "line": 7,
    });
    assert_eq!(shown["error"], expected);
    assert_eq!(shown["counts"]["failed"], 7);
    assert_eq!(shown["counts"]["pending"], 0);
}

#[tokio::test]
async fn a_rate_and_an_end_are_told_once_jobs_have_ended() {
    let api = Api::new();
    let user = api.user().await;
    let batch = made(&api, &user, 30).await;
    step(&api).await;
    for place in 0..20 {
        end(&api, &user, &batch, place, "succeeded");
    }
    api.ports().clock.advance_millis(10_000);
    step(&api).await;
    let document = get(&api, &user, &batch, "").await.json();
    let rate = document["throughputPerSecond"].as_f64().expect("a rate");
    assert!((1.0..=2.0).contains(&rate), "{document}");
    let (created, estimated) = (
        document["createdAt"].as_str(),
        document["estimatedEndAt"].as_str(),
    );
    assert!(estimated > created, "{document}");
    end(&api, &user, &batch, 20, "succeeded");
    api.ports().clock.advance_millis(1_000);
    let document = get(&api, &user, &batch, "").await.json();
    let now = document["throughputPerSecond"].as_f64().expect("a rate");
    assert!((1.0..=2.0).contains(&now), "{document}");
    api.ports().clock.advance_millis(600_000);
    step(&api).await;
    let document = get(&api, &user, &batch, "").await.json();
    let slower = document["throughputPerSecond"].as_f64().expect("a rate");
    assert!(slower < 0.1, "nothing has ended for long: {document}");
}

#[tokio::test]
async fn batches_are_listed_newest_first_page_by_page() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let mut made_so_far = Vec::new();
    for number in 0..5 {
        let query = format!("?name=batch-{number}");
        made_so_far.insert(
            0,
            accepted(&submit(&api, &user, &query, questions(1)).await).to_string(),
        );
        api.ports().clock.advance_millis(1_000);
    }
    accepted(&submit(&api, &other, "", questions(1)).await);
    let list = async |query: &str| {
        let reply = api.get(&format!("{BATCHES}{query}"), &user.key).await;
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        reply.json()
    };
    let ids = |page: &Value| -> Vec<String> {
        let data = page["data"].as_array().expect("a list");
        let ids = data.iter().filter_map(|batch| batch["batchId"].as_str());
        ids.map(str::to_owned).collect()
    };
    let mut seen = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = list(&query).await;
        seen.extend(ids(&page));
        match page["nextCursor"].as_str() {
            Some(cursor) => query = format!("?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, made_so_far);
    let page = list("?limit=2").await;
    let cursor = page["nextCursor"].as_str().expect("a cursor");
    assert_eq!(page["data"][0]["name"], "batch-4");
    assert_eq!(ids(&list("?status=completed").await), [""; 0]);
    assert_eq!(ids(&list("?status=in_progress").await).len(), 5);
    assert_eq!(
        ids(&list("?createdAfter=2026-11-21T10:55:20.372Z").await),
        made_so_far[..2]
    );
    assert_eq!(
        ids(&list("?createdBefore=2026-11-21T10:55:18.372Z").await),
        made_so_far[4..]
    );
    for (key, query, named) in [
        (
            &user.key,
            format!("?status=in_progress&cursor={cursor}"),
            "?cursor",
        ),
        (&other.key, format!("?cursor={cursor}"), "?cursor"),
        (&user.key, "?status=running".to_owned(), "?status"),
        (&user.key, "?limit=101".to_owned(), "?limit"),
        (&user.key, "?name=mine".to_owned(), "?name"),
    ] {
        let refused = api.get(&format!("{BATCHES}{query}"), key).await;
        assert_eq!(
            (refused.status, refused.named()),
            (422, vec![named.to_owned()]),
            "{query}"
        );
    }
    let jobs = api
        .get(&format!("/api/v1/jobs?limit=1&cursor={cursor}"), &user.key)
        .await;
    assert_eq!(jobs.named(), ["?cursor"]);
}

#[tokio::test]
async fn a_batch_of_another_tenant_is_unknown() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let batch = made(&api, &user, 1).await;
    let job = batch.job(0);
    for id in [batch.as_str(), "bat_x", "nonsense", job.as_str()] {
        for rest in ["", "/results", "/errors"] {
            let reply = api.get(&format!("{BATCHES}/{id}{rest}"), &other.key).await;
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (404, "not-found"),
                "{id}{rest}"
            );
        }
        let reply = api
            .post(&format!("{BATCHES}/{id}/cancel"), &other.key, &json!({}))
            .await;
        assert_eq!(reply.status, 404, "{id}");
    }
    let jobs = api
        .get(&format!("/api/v1/jobs?batchId={batch}"), &other.key)
        .await;
    assert_eq!(jobs.json()["data"], json!([]));
    assert_eq!(
        get(&api, &user, &batch, "").await.json()["status"],
        "in_progress"
    );
}
