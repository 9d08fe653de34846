//! What is refused: it says why, and leaves nothing behind.

use super::{ARRAY, LINES, accepted, questions, rows, submit, upload};
use crate::support::{Api, Reply, Step, Tenant, with_header};
use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
use redrive_shared::database::DatabaseError;
use serde_json::{Value, json};
use std::convert::Infallible;

const MEBIBYTE: usize = 1024 * 1024;
const LONGEST: usize = 100 * MEBIBYTE;

struct Bench {
    api: Api,
    user: Tenant,
}

impl Bench {
    async fn new() -> Self {
        let api = Api::new();
        let user = api.user().await;
        Self { api, user }
    }

    /// Sends what must be refused with this status and code.
    async fn refused(
        &self,
        query: &str,
        content_type: &str,
        body: impl Into<Body>,
        expected: (u16, &str),
    ) -> Reply {
        let request = upload(&self.user, query, content_type, body);
        let reply = self.api.send(request).await;
        self.check(&reply, expected);
        reply
    }

    fn check(&self, reply: &Reply, expected: (u16, &str)) {
        let found = (reply.status, reply.code());
        assert_eq!((found.0, found.1.as_str()), expected, "{reply:?}");
        for leak in ["panicked", "SQL", "batches_", "serde", "src/"] {
            assert!(!reply.text.contains(leak), "{}", reply.text);
        }
        assert_eq!(rows(&self.api), [0; 4], "nothing is stored: {expected:?}");
        let ports = self.api.ports();
        assert!(
            ports.tasks.take().is_empty(),
            "nothing is sent: {expected:?}"
        );
    }
}

/// A body that comes as so many pieces, its length untold.
fn pieces(piece: Bytes, times: usize) -> Body {
    Body::from_stream(stream::iter(
        (0..times).map(move |_| Ok::<_, Infallible>(piece.clone())),
    ))
}

#[tokio::test]
async fn lines_that_break_a_rule_are_named_with_their_numbers_and_reasons() {
    let bench = Bench::new().await;
    let long = format!("{{\"prompt\":\"{}\"}}", "x".repeat(MEBIBYTE));
    let mut body = Vec::new();
    for line in [
        "{\"customId\":\"a\",\"prompt\":\"right\"}",
        "{\"prompt\":\"x\"",
        "",
        "[1]",
        "{\"customId\":\"b\",\"prompt\":7,\"state\":\"succeeded\"}",
        "{\"customId\":\"a\",\"prompt\":\"again\"}",
        &long,
        "{\"prompt\":\"x\",\"prompt\":\"y\"}",
        "{\"customId\":\"\",\"prompt\":\"x\"}",
        "{\"kind\":\"dream\",\"prompt\":\"x\"}",
    ] {
        body.extend_from_slice(line.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"{\"prompt\":\"\xff\"}\n");
    let reply = bench.refused("", LINES, body, (422, "invalid-lines")).await;
    let problem = reply.json();
    assert_eq!(problem["invalidLines"], 9);
    let told = problem["lines"].as_array().expect("lines");
    let told: Vec<(&Value, &Value, &Value)> = told
        .iter()
        .map(|error| (&error["line"], &error["code"], &error["customId"]))
        .collect();
    let expected = [
        (2, "invalid_json", json!(null)),
        (4, "invalid_request", json!(null)),
        (5, "invalid_request", json!("b")),
        (6, "duplicate_custom_id", json!("a")),
        (7, "line_too_long", json!(null)),
        (8, "invalid_json", json!(null)),
        (9, "invalid_request", json!(null)),
        (10, "invalid_request", json!(null)),
        (11, "not_utf8", json!(null)),
    ];
    let expected: Vec<_> = expected
        .map(|(line, code, id)| (json!(line), json!(code), id))
        .to_vec();
    let expected: Vec<_> = expected
        .iter()
        .map(|(line, code, id)| (line, code, id))
        .collect();
    assert_eq!(told, expected);
    let fields = problem["lines"][2]["errors"].as_array().expect("errors");
    let pointers: Vec<&Value> = fields.iter().map(|error| &error["pointer"]).collect();
    assert!(pointers.contains(&&json!("/prompt")) && pointers.contains(&&json!("/state")));
    let detail = problem["lines"][3]["detail"].as_str().expect("a detail");
    assert!(detail.contains("line 1"), "{detail}");
    let detail = problem["lines"][0]["detail"].as_str().expect("a detail");
    assert!(
        detail.contains("column") && !detail.contains("line 1"),
        "{detail}"
    );
}

#[tokio::test]
async fn of_many_lines_that_break_a_rule_a_hundred_are_told_and_all_counted() {
    let bench = Bench::new().await;
    let body = "{}\n".repeat(250);
    let problem = bench
        .refused("", LINES, body.clone(), (422, "invalid-lines"))
        .await
        .json();
    assert_eq!(problem["invalidLines"], 250);
    assert_eq!(problem["lines"].as_array().map(Vec::len), Some(100));
    // What is told does not grow with what was sent.
    let name = "n".repeat(MEBIBYTE - 100);
    let body =
        format!("{{\"prompt\":\"p\",\"{name}\":1}}\n{{\"prompt\":\"p\",\"model\":\"{name}\"}}\n");
    let reply = bench.refused("", LINES, body, (422, "invalid-lines")).await;
    assert!(reply.text.len() < 10_000, "{} bytes", reply.text.len());

    let reply = submit(&bench.api, &bench.user, "?onError=skip", "{}\n".repeat(250)).await;
    accepted(&reply);
    let document = reply.json();
    assert_eq!(
        (&document["lines"], &document["invalidLines"]),
        (&json!(250), &json!(250))
    );
    assert_eq!(document["errors"].as_array().map(Vec::len), Some(100));
}

#[tokio::test]
async fn a_batch_without_a_line_is_refused() {
    let bench = Bench::new().await;
    for body in ["", "\n", " \r\n\t\n\n", "\u{feff}", "\u{feff}\n"] {
        bench.refused("", LINES, body, (422, "empty-batch")).await;
    }
    for body in ["[]", " [ \n ] "] {
        bench.refused("", ARRAY, body, (422, "empty-batch")).await;
    }
}

#[tokio::test]
async fn what_is_said_to_be_an_array_must_be_one() {
    let bench = Bench::new().await;
    for body in [
        "",
        "{\"prompt\":\"p\"}",
        "{\"prompt\":\"p\"}\n{\"prompt\":\"p\"}",
        "[{\"prompt\":\"p\"}",
        "[{\"prompt\":\"p\"},]",
        "[{\"prompt\":\"p\"} {\"prompt\":\"p\"}]",
        "[{\"prompt\":\"p\"}] []",
        "\"[]\"",
        "null",
    ] {
        bench.refused("", ARRAY, body, (400, "invalid-json")).await;
    }
    let body = "[{\"prompt\":\"p\"}, {\"prompt\":}, 7]";
    let problem = bench
        .refused("", ARRAY, body, (422, "invalid-lines"))
        .await
        .json();
    let told = problem["lines"].as_array().expect("lines");
    let told: Vec<_> = told
        .iter()
        .map(|error| (&error["line"], &error["code"]))
        .collect();
    let expected = [
        (json!(2), json!("invalid_json")),
        (json!(3), json!("invalid_request")),
    ];
    assert_eq!(
        told,
        expected
            .iter()
            .map(|(line, code)| (line, code))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn other_content_types_and_compressed_bodies_are_refused() {
    let bench = Bench::new().await;
    let refused = (415, "unsupported-media-type");
    for content_type in [
        "text/plain",
        "application/jsonl-seq",
        "multipart/form-data",
        "",
        "application/x-ndjson, application/json",
    ] {
        bench.refused("", content_type, questions(1), refused).await;
    }
    let mut none = upload(&bench.user, "", LINES, questions(1));
    none.headers_mut().remove("content-type");
    bench.check(&bench.api.send(none).await, refused);
    let two = with_header(
        upload(&bench.user, "", LINES, questions(1)),
        "content-type",
        ARRAY,
    );
    bench.check(&bench.api.send(two).await, refused);
    let packed = with_header(
        upload(&bench.user, "", LINES, questions(1)),
        "content-encoding",
        "gzip",
    );
    bench.check(&bench.api.send(packed).await, refused);
}

#[tokio::test]
async fn more_bytes_than_a_batch_may_have_are_refused_whether_announced_or_not() {
    let bench = Bench::new().await;
    let too_large = (413, "payload-too-large");
    let announced = (LONGEST + 1).to_string();
    let request = with_header(
        upload(&bench.user, "", LINES, questions(1)),
        "content-length",
        &announced,
    );
    let before = bench.api.database().batches();
    bench.check(&bench.api.send(request).await, too_large);
    assert!(
        bench.api.database().batches() - before <= 1,
        "it is judged before anything is stored"
    );

    // Lines first, so that something was stored when it turns out to be too much.
    let line = format!("{{\"prompt\":\"{}\"}}\n", "x".repeat(MEBIBYTE - 20));
    let mut chunks = vec![Bytes::from(line); 3];
    chunks.extend(vec![Bytes::from(vec![b' '; MEBIBYTE]); 98]);
    let chunks = chunks.into_iter().map(Ok::<_, Infallible>);
    let body = Body::from_stream(stream::iter(chunks));
    bench.refused("?onError=skip", LINES, body, too_large).await;
}

#[tokio::test]
async fn more_lines_than_a_batch_may_have_are_refused() {
    let bench = Bench::new().await;
    let thousand = Bytes::from("{\"prompt\":\"p\"}\n".repeat(1_000));
    let too_many = (422, "too-many-lines");
    let body = pieces(thousand.clone(), 50).into_data_stream();
    let one = stream::once(async { Ok(Bytes::from_static(b"\n\n{\"prompt\":\"p\"}")) });
    bench
        .refused("", LINES, Body::from_stream(body.chain(one)), too_many)
        .await;
    let most = submit(&bench.api, &bench.user, "", pieces(thousand, 50)).await;
    accepted(&most);
    assert_eq!(most.json()["lines"], 50_000);
}

#[tokio::test]
async fn a_connection_that_is_cut_leaves_nothing_behind() {
    let bench = Bench::new().await;
    let line = Bytes::from(format!(
        "{{\"prompt\":\"{}\"}}\n",
        "x".repeat(MEBIBYTE - 20)
    ));
    for whole in [0, 1, 5] {
        let lines = vec![line.clone(); whole].into_iter().map(Ok);
        let cut = std::io::Error::other("the connection broke");
        let body = Body::from_stream(stream::iter(lines.chain([Err(cut)])));
        bench
            .refused("", LINES, body, (400, "body-incomplete"))
            .await;
    }
    let stalled = stream::iter([Ok::<_, Infallible>(line)]).chain(stream::pending());
    bench
        .refused(
            "",
            LINES,
            Body::from_stream(stalled),
            (408, "request-timeout"),
        )
        .await;
}

#[tokio::test]
async fn a_database_that_fails_at_any_step_before_the_insert_leaves_nothing_behind() {
    let line = format!("{{\"prompt\":\"{}\"}}\n", "x".repeat(700_000));
    let down = DatabaseError::Transient("Network connection lost".to_owned());
    // The key is read, the file made, three chunks stored. A batch whose insert fails may be there.
    for before in 1..=4 {
        let bench = Bench::new().await;
        let mut script = vec![Step::Run; before];
        script.extend(vec![Step::FailBefore(down.clone()); 3]);
        bench.api.database().script(script);
        bench
            .refused("", LINES, line.repeat(3), (503, "storage-unavailable"))
            .await;
    }
}

#[tokio::test]
async fn wrong_defaults_name_the_parameter_or_the_header() {
    let bench = Bench::new().await;
    for (query, named) in [
        ("?kind=dream", "?kind"),
        ("?maxTokens=0", "?maxTokens"),
        ("?maxTokens=five", "?maxTokens"),
        ("?temperature=3", "?temperature"),
        ("?maxAttempts=21", "?maxAttempts"),
        ("?deadlineSeconds=0", "?deadlineSeconds"),
        ("?provider=unknown", "?provider"),
        ("?model=a%20b", "?model"),
        ("?kind=execute&language=cobol", "?language"),
        ("?onError=ignore", "?onError"),
        ("?name=", "?name"),
        ("?name=a%0Ab", "?name"),
        ("?prompt=p", "?prompt"),
        ("?customId=a", "?customId"),
        ("?model=a&model=b", "?model"),
    ] {
        let reply = bench
            .refused(query, LINES, questions(1), (422, "validation-failed"))
            .await;
        assert_eq!(reply.named(), [named], "{query}");
    }
    for (header, named) in [
        ("{\"customId\":\"a\"}", "?Redrive-Defaults: customId"),
        ("{\"maxTokens\":\"5\"}", "?Redrive-Defaults: maxTokens"),
        ("{\"topP\":2}", "?Redrive-Defaults: topP"),
        ("{\"nonsense\":1}", "?Redrive-Defaults: nonsense"),
        ("[]", "?Redrive-Defaults"),
        ("{", "?Redrive-Defaults"),
    ] {
        let request = with_header(
            upload(&bench.user, "", LINES, questions(1)),
            "redrive-defaults",
            header,
        );
        let reply = bench.api.send(request).await;
        bench.check(&reply, (422, "validation-failed"));
        assert_eq!(reply.named(), [named], "{header}");
    }
}

#[tokio::test]
async fn a_key_that_may_only_read_submits_nothing() {
    let bench = Bench::new().await;
    let reader = bench.api.tenant(&["jobs:read"]).await;
    let reply = submit(&bench.api, &reader, "", questions(1)).await;
    bench.check(&reply, (403, "insufficient-scope"));
}

#[tokio::test]
async fn lines_that_are_passed_over_do_not_grow_beyond_what_a_row_takes() {
    // D1 takes 2,000,000 bytes a row; each of these characters is longer in JSON.
    let api = Api::new();
    let user = api.user().await;
    for character in ["\"", "\\", "\u{1}", "\u{7f}", "<"] {
        let line = format!(
            "{{nonsense {}",
            character.repeat((MEBIBYTE - 10) / character.len())
        );
        accepted(&submit(&api, &user, "?onError=skip", line).await);
        let longest = "SELECT max(length(CAST(body AS BLOB))) || '' FROM file_chunks";
        let bytes: usize = api.database().text(longest).parse().expect("a number");
        assert!(bytes < 1_900_000, "{character:?}: {bytes} bytes");
    }
}
