//! What is taken, and what is stored of it.

use super::{
    ARRAY, BATCHES, LINES, accepted, deliver, lines, questions, rows, step, submit, upload,
};
use crate::support::{Api, Tenant, with_header};
use axum::body::{Body, Bytes};
use futures_util::stream;
use redrive_shared::message::{JobMessage, Task, TaskMessage};
use serde_json::{Value, json};
use std::convert::Infallible;

/// The jobs that a batch of the API's became, in the order of their lines.
fn jobs(api: &Api) -> Value {
    let jobs = api.database().text(
        "SELECT json_group_array(json_object('line', line, 'customId', custom_id, 'kind', kind, \
         'model', model, 'maxAttempts', max_attempts, 'deadline', deadline_seconds, 'refId', ref_id, \
         'state', state, 'request', json(request))) FROM (SELECT * FROM jobs ORDER BY id)",
    );
    serde_json::from_str(&jobs).expect("it is JSON")
}

/// The jobs that a batch becomes in an API of its own.
async fn made_of(query: &str, defaults: &str, content_type: &str, body: impl Into<Body>) -> Value {
    let api = Api::new();
    let user = api.user().await;
    let mut request = upload(&user, query, content_type, body);
    if !defaults.is_empty() {
        request = with_header(request, "redrive-defaults", defaults);
    }
    accepted(&api.send(request).await);
    step(&api).await;
    jobs(&api)
}

#[tokio::test]
async fn a_submitted_batch_is_in_the_database_and_its_first_step_on_the_queue() {
    let api = Api::new();
    let user = api.user().await;
    let body = "{\"customId\":\"a\",\"prompt\":\"one\"}\n\n{\"prompt\":\"two\"}";
    let reply = submit(&api, &user, "?name=a%20batch", body).await;
    let batch = accepted(&reply);
    let url = format!("http://api.test{BATCHES}/{batch}");
    assert_eq!(
        reply.json(),
        json!({
            "success": true, "batchId": batch.as_str(), "status": "in_progress", "statusUrl": url,
            "lines": 2, "invalidLines": 0, "errors": []
        })
    );
    assert_eq!(reply.header("location"), Some(url.as_str()));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.header("etag"), None);
    assert_eq!(rows(&api), [1, 1, 1, 0]);
    let tasks = api.ports().tasks.take();
    let task = TaskMessage::decode(&tasks[0]).expect("a task");
    assert_eq!((tasks.len(), task.task), (1, Task::Batch(batch.clone())));
    assert_eq!(task.tenant_id.as_str(), user.id);
    assert!(api.ports().jobs.take().is_empty() && api.ports().bulk_jobs.take().is_empty());

    deliver(&api, &tasks[0]).await;
    let made = jobs(&api);
    assert_eq!((&made[0]["line"], &made[1]["line"]), (&json!(1), &json!(3)));
    assert_eq!(
        (&made[0]["customId"], &made[1]["customId"]),
        (&json!("a"), &json!(null))
    );
    let sent = api.ports().bulk_jobs.take();
    let job = |body: &String| JobMessage::decode(body).expect("a message").job_id;
    let sent: Vec<_> = sent.iter().map(job).collect();
    assert_eq!(sent, [batch.job(0), batch.job(1)]);
    assert!(
        api.ports().jobs.take().is_empty(),
        "its jobs have a queue of their own"
    );
    let document = api
        .get(&format!("/api/v1/jobs/{}", sent[0]), &user.key)
        .await;
    let document = document.json();
    assert_eq!(
        (
            &document["batchId"],
            &document["customId"],
            &document["line"]
        ),
        (&json!(batch.as_str()), &json!("a"), &json!(1))
    );
    let list = api
        .get(&format!("/api/v1/jobs?batchId={batch}"), &user.key)
        .await;
    assert_eq!(list.json()["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_queue_that_takes_nothing_does_not_change_the_answer() {
    let api = Api::new();
    let user = api.user().await;
    api.ports().tasks.set_broken(true);
    accepted(&submit(&api, &user, "", questions(2)).await);
    assert_eq!(rows(&api), [1, 1, 1, 0]);
    let events = api.events();
    assert!(events.iter().any(|event| event["event"] == "send_failed"));
}

#[tokio::test]
async fn an_array_and_lines_become_the_same_jobs() {
    let array = json!([
        {"customId": "a", "prompt": "one [ ] { } , \" \\ \n two"},
        {"kind": "execute", "language": "python", "sourceCode": "print(1)"},
        {"messages": [{"role": "user", "content": "three"}], "maxTokens": 5}
    ]);
    let elements = array.as_array().expect("an array");
    let text: Vec<String> = elements.iter().map(Value::to_string).collect();
    let text = text.join("\n");
    let of_lines = made_of("", "", LINES, text).await;
    assert_eq!(of_lines.as_array().map(Vec::len), Some(3));
    assert_eq!(of_lines[1]["kind"], "execute");
    assert_eq!(made_of("", "", ARRAY, array.to_string()).await, of_lines);
    let pretty = serde_json::to_string_pretty(&array).expect("JSON");
    assert_eq!(made_of("", "", ARRAY, pretty).await, of_lines);
}

#[tokio::test]
async fn a_job_of_a_batch_is_what_the_same_request_alone_is() {
    let line = json!({
        "messages": [{"role": "user", "content": "Hello"}], "model": "some-model", "maxTokens": 7,
        "refType": "ticket", "refId": "4711", "metadata": {"team": "support"}, "deadlineSeconds": 60,
        "maxAttempts": 3, "temperature": 0.5, "system": "Be brief."
    });
    let api = Api::new();
    let user = api.user().await;
    api.post("/api/v1/generate", &user.key, &line).await;
    accepted(&submit(&api, &user, "", line.to_string()).await);
    step(&api).await;
    for column in [
        "request",
        "model",
        "max_attempts",
        "deadline_seconds",
        "ref_type",
        "ref_id",
        "metadata",
        "kind",
        "state",
    ] {
        let different =
            format!("SELECT count(DISTINCT {column}) || ' of ' || count({column}) FROM jobs");
        assert_eq!(api.database().text(&different), "1 of 2", "{column}");
    }
}

#[tokio::test]
async fn it_makes_no_difference_in_which_pieces_a_batch_arrives() {
    let body =
        "{\"customId\":\"ü👩\u{200d}👧\",\"prompt\":\"one\"}\r\n\n \t\r\n{\"prompt\":\"two\"}\r\n";
    let whole = made_of("", "", LINES, body).await;
    assert_eq!(
        (&whole[0]["line"], &whole[1]["line"]),
        (&json!(1), &json!(4))
    );
    for size in [1, 2, 3, 7, 64] {
        let pieces: Vec<Result<Bytes, Infallible>> = body
            .as_bytes()
            .chunks(size)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let body = Body::from_stream(stream::iter(pieces));
        assert_eq!(made_of("", "", LINES, body).await, whole, "{size}");
    }
}

#[tokio::test]
async fn line_ends_are_mixed_and_a_byte_order_mark_is_passed_over() {
    let body = "\u{feff}{\"prompt\":\"one\"}\r\n{\"prompt\":\"two\"}\n\r\n{\"prompt\":\"three\"}";
    let made = made_of("", "", LINES, body).await;
    let lines: Vec<&Value> = made
        .as_array()
        .expect("jobs")
        .iter()
        .map(|job| &job["line"])
        .collect();
    assert_eq!(lines, [1, 2, 4]);
    let array = made_of("", "", ARRAY, "\u{feff}[{\"prompt\":\"one\"}]").await;
    assert_eq!(array.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn fields_for_all_lines_come_from_query_and_header_and_a_line_wins() {
    let body = "{\"prompt\":\"one\"}\n{\"prompt\":\"two\",\"model\":\"own\",\"maxTokens\":9,\"refId\":\"own\"}\n";
    let query = "?model=of-query&maxTokens=5&temperature=0.5&maxAttempts=2&deadlineSeconds=77&refType=t&refId=r";
    let made = made_of(
        query,
        "{\"model\":\"of-header\",\"topP\":0.25}",
        LINES,
        body,
    )
    .await;
    let one = &made[0];
    assert_eq!(
        (
            &one["model"],
            &one["maxAttempts"],
            &one["deadline"],
            &one["refId"]
        ),
        (&json!("of-query"), &json!(2), &json!(77), &json!("r"))
    );
    let request = &one["request"];
    assert_eq!(
        (&request["max_tokens"], &request["temperature"]),
        (&json!(5), &json!(0.5))
    );
    assert_eq!(request["top_p"], 0.25, "{request}");
    let two = &made[1];
    assert_eq!(
        (&two["model"], &two["refId"]),
        (&json!("own"), &json!("own"))
    );
    assert_eq!(two["request"]["max_tokens"], 9);
    assert_eq!(two["request"]["top_p"], 0.25);

    let programs = "{\"sourceCode\":\"1\"}\n{\"kind\":\"generate\",\"prompt\":\"p\"}\n";
    let made = made_of("?kind=execute&language=javascript", "", LINES, programs).await;
    assert_eq!(
        (&made[0]["kind"], &made[0]["model"]),
        (&json!("execute"), &json!("javascript"))
    );
}

#[tokio::test]
async fn a_line_that_is_passed_over_becomes_a_job_that_is_failed() {
    let api = Api::new();
    let user = api.user().await;
    let body = "{\"prompt\":\"one\"}\n{nonsense\n{\"customId\":\"c\",\"prompt\":7}\n{\"prompt\":\"four\"}\n";
    let reply = submit(&api, &user, "?onError=skip", body).await;
    let batch = accepted(&reply);
    let document = reply.json();
    assert_eq!(
        (&document["lines"], &document["invalidLines"]),
        (&json!(4), &json!(2))
    );
    let errors = document["errors"].as_array().expect("errors");
    assert_eq!(
        (&errors[0]["line"], &errors[0]["code"]),
        (&json!(2), &json!("invalid_json"))
    );
    assert_eq!(
        (&errors[1]["line"], &errors[1]["customId"]),
        (&json!(3), &json!("c"))
    );
    step(&api).await;
    let made = jobs(&api);
    let states: Vec<&Value> = made
        .as_array()
        .expect("jobs")
        .iter()
        .map(|job| &job["state"])
        .collect();
    assert_eq!(states, ["queued", "failed", "failed", "queued"]);
    assert_eq!(api.ports().bulk_jobs.take().len(), 2);
    let failed = api
        .get(&format!("/api/v1/jobs/{}", batch.job(1)), &user.key)
        .await
        .json();
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("failed"), &json!("invalid_request"))
    );
    let found = lines(
        &api.get(&format!("{BATCHES}/{batch}/errors"), &user.key)
            .await,
    );
    assert_eq!(found[0]["invalidLine"], "{nonsense");
    assert_eq!(
        (&found[1]["customId"], &found[1]["prompt"]),
        (&json!("c"), &json!(7))
    );
}

#[tokio::test]
async fn content_types_say_how_a_batch_is_cut() {
    let api = Api::new();
    let user: Tenant = api.user().await;
    for (content_type, body) in [
        ("application/x-ndjson", "{\"prompt\":\"p\"}"),
        ("application/jsonl", "{\"prompt\":\"p\"}"),
        ("application/ndjson", "{\"prompt\":\"p\"}"),
        ("Application/X-NDJSON; charset=utf-8", "{\"prompt\":\"p\"}"),
        ("application/json", "[{\"prompt\":\"p\"}]"),
        ("application/json;charset=utf-8", "[{\"prompt\":\"p\"}]"),
    ] {
        accepted(&api.send(upload(&user, "", content_type, body)).await);
    }
}
