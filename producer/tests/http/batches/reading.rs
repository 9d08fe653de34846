//! What is told of a batch: where it stands, what came of its lines, and which brought nothing.

use super::{BATCHES, accepted, column, end, lines, questions, step, steps_to_the_end, submit};
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
async fn results_come_in_the_order_of_lines_up_to_the_first_that_has_none() {
    let api = Api::new();
    let user = api.user().await;
    let batch = made(&api, &user, 40).await;
    assert!(lines(&get(&api, &user, &batch, "/results").await).is_empty());
    for place in (0..40).filter(|place| *place != 35) {
        let state = if place % 10 == 3 {
            "dead_lettered"
        } else {
            "succeeded"
        };
        end(&api, &user, &batch, place, state);
    }
    let found = lines(&get(&api, &user, &batch, "/results").await);
    let numbers: Vec<u64> = column(&found, "line")
        .into_iter()
        .filter_map(|line| line.as_u64())
        .collect();
    assert_eq!(numbers, (1..=35).collect::<Vec<_>>());
    let second = &found[1];
    assert_eq!(
        (&second["customId"], &second["jobId"], &second["status"]),
        (
            &json!("q-2"),
            &json!(batch.job(1).as_str()),
            &json!("succeeded")
        )
    );
    assert_eq!(
        (&second["result"]["output"], &second["usage"]["totalTokens"]),
        (&json!("answer 1"), &json!(3))
    );
    assert_eq!(
        (&second["provider"], &second["error"]),
        (&json!("openai"), &json!(null))
    );
    assert!(second["completedAt"].is_string());
    let dead = &found[3];
    assert_eq!(
        (&dead["status"], &dead["error"]["code"]),
        (&json!("dead_lettered"), &json!("provider_error"))
    );
    assert!(dead["result"].is_null());

    end(&api, &user, &batch, 35, "failed");
    assert_eq!(lines(&get(&api, &user, &batch, "/results").await).len(), 40);
    assert_eq!(
        lines(&get(&api, &user, &batch, "/results?order=line").await).len(),
        40
    );
}

#[tokio::test]
async fn results_come_in_the_order_in_which_they_ended_and_go_on_after_a_cursor() {
    let api = Api::new();
    let user = api.user().await;
    let batch = made(&api, &user, 30).await;
    let order = [7, 3, 29, 0, 11];
    for place in order {
        end(&api, &user, &batch, place, "succeeded");
    }
    let path = "/results?order=completion";
    let found = lines(&get(&api, &user, &batch, path).await);
    assert_eq!(column(&found, "line"), order.map(|place| place + 1));
    let cursor = found[1]["cursor"].as_str().expect("a cursor");
    let on = format!("{path}&cursor={cursor}");
    assert_eq!(
        column(&lines(&get(&api, &user, &batch, &on).await), "line"),
        [30, 1, 12]
    );
    let last = found[4]["cursor"].as_str().expect("a cursor").to_owned();
    let on = format!("{path}&cursor={last}");
    assert!(lines(&get(&api, &user, &batch, &on).await).is_empty());
    for place in 12..29 {
        end(&api, &user, &batch, place, "succeeded");
    }
    let more = lines(&get(&api, &user, &batch, &on).await);
    assert_eq!(column(&more, "line"), (13..30).collect::<Vec<_>>());
    let few = lines(&get(&api, &user, &batch, &format!("{path}&limit=3")).await);
    assert_eq!(few.len(), 3);
}

#[tokio::test]
async fn cursors_of_line_order_give_every_line_once_in_pages_of_any_size() {
    let api = Api::new();
    let user = api.user().await;
    let batch = made(&api, &user, 70).await;
    for place in 0..70 {
        end(&api, &user, &batch, place, "succeeded");
    }
    for limit in [1, 16, 17, 33, 69, 70, 50_000] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/results?limit={limit}{after}");
            let page = lines(&get(&api, &user, &batch, &path).await);
            let Some(last) = page.last() else { break };
            after = format!("&cursor={}", last["cursor"].as_str().expect("a cursor"));
            seen.extend(
                column(&page, "line")
                    .into_iter()
                    .filter_map(|line| line.as_u64()),
            );
        }
        assert_eq!(seen, (1..=70).collect::<Vec<_>>(), "{limit}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let api = Api::new();
    let (user, other) = (api.user().await, api.user().await);
    let (batch, second) = (made(&api, &user, 2).await, made(&api, &user, 2).await);
    let foreign = made(&api, &other, 2).await;
    for (owner, batch) in [(&user, &batch), (&user, &second), (&other, &foreign)] {
        end(&api, owner, batch, 0, "succeeded");
    }
    let cursor = async |owner: &Tenant, batch: &BatchId, order: &str| {
        let found = lines(&get(&api, owner, batch, &format!("/results?order={order}")).await);
        found[0]["cursor"].as_str().expect("a cursor").to_owned()
    };
    let by_line = cursor(&user, &batch, "line").await;
    let by_completion = cursor(&user, &batch, "completion").await;
    let of_list = api.job(&user).await;
    let list = api.get("/api/v1/jobs?limit=1", &user.key).await.json();
    assert!(list["data"][0]["jobId"] == of_list.as_str());
    for query in [
        format!("order=completion&cursor={by_line}"),
        format!("order=line&cursor={by_completion}"),
        format!("cursor={}", cursor(&user, &second, "line").await),
        format!("cursor={}", cursor(&other, &foreign, "line").await),
        format!("cursor={}", list["nextCursor"].as_str().expect("a cursor")),
        "cursor=x".to_owned(),
        "cursor=".to_owned(),
    ] {
        let refused = get(&api, &user, &batch, &format!("/results?{query}")).await;
        assert_eq!(
            (refused.status, refused.named()),
            (422, vec!["?cursor".to_owned()]),
            "{query}"
        );
    }
    for (query, named) in [
        ("order=size", "?order"),
        ("limit=0", "?limit"),
        ("limit=50001", "?limit"),
        ("limit=x", "?limit"),
        ("status=succeeded", "?status"),
    ] {
        let refused = get(&api, &user, &batch, &format!("/results?{query}")).await;
        assert_eq!(
            (refused.status, refused.named()),
            (422, vec![named.to_owned()]),
            "{query}"
        );
    }
}

#[tokio::test]
async fn the_file_of_errors_can_be_posted_again_as_it_is() {
    let api = Api::new();
    let user = api.user().await;
    let body = "{\"customId\":\"a\",\"prompt\":\"one\"}\n\n{\"prompt\":\"two\",\"maxTokens\":5}\r\n{\"prompt\":\"three\"}\n";
    let batch = accepted(&submit(&api, &user, "", body).await);
    step(&api).await;
    assert!(lines(&get(&api, &user, &batch, "/errors").await).is_empty());
    end(&api, &user, &batch, 0, "dead_lettered");
    end(&api, &user, &batch, 1, "failed");
    end(&api, &user, &batch, 2, "succeeded");
    let errors = get(&api, &user, &batch, "/errors").await;
    let found = lines(&errors);
    let reason = |line: u32, place| json!({"code": "provider_error", "message": "The provider failed.", "line": line, "jobId": batch.job(place).as_str()});
    assert_eq!(
        found,
        [
            json!({"customId": "a", "prompt": "one", "error": reason(1, 0)}),
            json!({"prompt": "two", "maxTokens": 5, "error": reason(3, 1)}),
        ]
    );
    let again = submit(&api, &user, "", errors.text).await;
    let again = accepted(&again);
    step(&api).await;
    let question = |batch: &BatchId, place| {
        let sql = format!("SELECT request FROM jobs WHERE id = '{}'", batch.job(place));
        api.database().text(&sql)
    };
    for place in [0, 1] {
        assert_eq!(question(&again, place), question(&batch, place));
    }
}

#[tokio::test]
async fn errors_of_many_lines_are_all_there_and_end_with_the_file() {
    let api = Api::new();
    let user = api.user().await;
    let batch = made(&api, &user, 60).await;
    for place in (0..60).filter(|place| place % 3 != 1) {
        end(&api, &user, &batch, place, "dead_lettered");
    }
    let found = lines(&get(&api, &user, &batch, "/errors").await);
    let expected: Vec<String> = (1..=60)
        .filter(|line| line % 3 != 2)
        .map(|line| format!("q-{line}"))
        .collect();
    assert_eq!(column(&found, "customId"), expected);
    api.database().execute("DELETE FROM file_chunks");
    api.database().execute("DELETE FROM files");
    let gone = get(&api, &user, &batch, "/errors").await;
    assert_eq!(
        (gone.status, gone.code().as_str()),
        (409, "payload-deleted")
    );
    assert!(
        lines(&get(&api, &user, &batch, "/results").await).len() == 1,
        "results do not need it"
    );
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
