//! Inputs that are refused: each with a problem that says why, and nothing stored.

use crate::support::{Api, Reply, Tenant, request, with_header};
use axum::body::{Body, Bytes};
use futures_util::stream;
use http::{Method, Request};
use serde_json::{Value, json};
use std::convert::Infallible;

const GENERATE: &str = "/api/v1/generate";
const MEBIBYTE: usize = 1024 * 1024;

/// An API with a user, and whatever was refused since.
struct Bench {
    api: Api,
    user: Tenant,
    before: [u64; 3],
}

impl Bench {
    async fn new() -> Self {
        let api = Api::new();
        let user = api.user().await;
        let before = api.rows();
        Self { api, user, before }
    }

    fn request(&self) -> http::request::Builder {
        Request::post(GENERATE).header("authorization", format!("Bearer {}", self.user.key))
    }

    async fn raw(&self, body: impl Into<Body>) -> Reply {
        let request = self
            .request()
            .header("content-type", "application/json")
            .body(body.into());
        self.api.send(request.expect("valid")).await
    }

    async fn post(&self, body: &Value) -> Reply {
        self.api.post(GENERATE, &self.user.key, body).await
    }

    fn assert_refused(&self, reply: &Reply, status: u16, code: &str, why: &str) {
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (status, code),
            "{why}: {reply:?}"
        );
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json"),
            "{why}"
        );
        for leak in ["panicked", "SQL", "jobs_", "serde", "src/"] {
            assert!(!reply.text.contains(leak), "{why}: {}", reply.text);
        }
        assert_eq!(self.api.rows(), self.before, "{why}: nothing is stored");
        assert!(
            self.api.ports().jobs.take().is_empty(),
            "{why}: nothing is sent"
        );
    }
}

#[tokio::test]
async fn what_is_not_strict_json_is_refused_with_its_place() {
    let bench = Bench::new().await;
    let nested = format!("{}1{}", "{\"a\":".repeat(65), "}".repeat(65));
    for body in [
        "",
        " \n",
        "{",
        "{\"prompt\":\"x\"",
        "{\"prompt\":\"x\",}",
        "{\"prompt\":\"x\"} {}",
        "{\"prompt\":\"x\"} // comment",
        "{'prompt':'x'}",
        "{\"prompt\":NaN}",
        "{\"prompt\":\"x\",\"temperature\":1e400}",
        "{\"prompt\":\"x\",\"prompt\":\"y\"}",
        "{\"prompt\":\"x\",\"metadata\":{\"a\":\"1\",\"a\":\"2\"}}",
        "{\"prompt\":\"\\ud800\"}",
        "{\"pro\\u0000mpt\":\"x\"}",
        "\u{feff}{\"prompt\":\"x\"}",
        &nested,
    ] {
        let reply = bench.raw(body.to_owned()).await;
        bench.assert_refused(&reply, 400, "invalid-json", body);
    }
    let reply = bench.raw(&b"{\"prompt\":\"\xff\"}"[..]).await;
    bench.assert_refused(&reply, 400, "invalid-json", "not UTF-8");
    let reply = bench.raw("{\"prompt\":\"x\",\n  }").await;
    let detail = reply.json()["detail"]
        .as_str()
        .expect("a detail")
        .to_owned();
    assert!(detail.contains("line 2, column"), "{detail}");
}

#[tokio::test]
async fn fields_that_a_client_may_not_set_are_unknown() {
    let bench = Bench::new().await;
    for name in [
        "state",
        "status",
        "tenant_id",
        "tenantId",
        "attempt",
        "id",
        "max_attempts",
        "__proto__",
    ] {
        let mut body = json!({"prompt": "x"});
        body[name] = json!("succeeded");
        let reply = bench.post(&body).await;
        bench.assert_refused(&reply, 422, "validation-failed", name);
        assert_eq!(reply.named(), [format!("/{name}")]);
    }
}

#[tokio::test]
async fn values_out_of_bounds_are_named() {
    let bench = Bench::new().await;
    let keys = |number: usize| -> Value {
        (0..number)
            .map(|key| (format!("k{key}"), json!("v")))
            .collect()
    };
    for (name, value, named) in [
        ("maxTokens", json!(-1), "/maxTokens"),
        ("maxTokens", json!(0), "/maxTokens"),
        ("maxTokens", json!(2_147_483_648_i64), "/maxTokens"),
        ("maxTokens", json!("100"), "/maxTokens"),
        ("maxTokens", json!(null), "/maxTokens"),
        ("maxTokens", json!(1.5), "/maxTokens"),
        ("temperature", json!(3), "/temperature"),
        ("temperature", json!(-0.1), "/temperature"),
        ("temperature", json!("0.5"), "/temperature"),
        ("deadlineSeconds", json!(0), "/deadlineSeconds"),
        ("deadlineSeconds", json!(604_801), "/deadlineSeconds"),
        ("maxAttempts", json!(0), "/maxAttempts"),
        ("maxAttempts", json!(21), "/maxAttempts"),
        ("model", json!("' OR 1=1;--"), "/model"),
        ("model", json!("\"; DROP TABLE jobs;--"), "/model"),
        ("model", json!("a\u{0}b"), "/model"),
        ("model", json!(""), "/model"),
        ("provider", json!("other"), "/provider"),
        ("responseFormat", json!("xml"), "/responseFormat"),
        ("refId", json!("a\u{0}b"), "/refId"),
        ("metadata", keys(65), "/metadata"),
        (
            "metadata",
            json!({"k".repeat(65): "v"}),
            &format!("/metadata/{}…", "k".repeat(64)),
        ),
        ("metadata", json!({"k": "v".repeat(513)}), "/metadata/k"),
        ("metadata", json!({"k": 1}), "/metadata/k"),
        ("metadata", json!([]), "/metadata"),
        ("prompt", json!(""), "/prompt"),
        ("prompt", json!("a\u{0}b"), "/prompt"),
        ("prompt", json!({}), "/prompt"),
        ("messages", json!([]), "/messages"),
    ] {
        let mut body = json!({"prompt": "x"});
        body[name] = value;
        let reply = bench.post(&body).await;
        bench.assert_refused(&reply, 422, "validation-failed", &body.to_string());
        assert!(
            reply.named().iter().any(|pointer| pointer == named),
            "{body}: {:?}",
            reply.named()
        );
    }
}

#[tokio::test]
async fn a_million_wrong_keys_make_a_short_answer() {
    let bench = Bench::new().await;
    let unknown: Value = (0..60_000)
        .map(|key| (format!("key{key}"), json!(1)))
        .collect();
    let reply = bench.post(&unknown).await;
    bench.assert_refused(&reply, 422, "validation-failed", "60,000 unknown fields");
    assert!(reply.text.len() < 16 * 1024, "{}", reply.text.len());
    let duplicates = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(100_000));
    let reply = bench.raw(duplicates).await;
    bench.assert_refused(&reply, 400, "invalid-json", "100,000 times the same key");
    assert!(reply.text.len() < 1024, "{}", reply.text.len());
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_refused() {
    let bench = Bench::new().await;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json; charset=latin1",
        "",
    ] {
        let request = bench
            .request()
            .header("content-type", content_type)
            .body("{\"prompt\":\"x\"}".into());
        let reply = bench.api.send(request.expect("valid")).await;
        bench.assert_refused(&reply, 415, "unsupported-media-type", content_type);
    }
    let reply = bench
        .api
        .send(
            bench
                .request()
                .body("{\"prompt\":\"x\"}".into())
                .expect("valid"),
        )
        .await;
    bench.assert_refused(&reply, 415, "unsupported-media-type", "no content type");
}

#[tokio::test]
async fn a_compressed_body_is_refused_without_being_read() {
    let bench = Bench::new().await;
    for encoding in ["gzip", "br", "zstd", "x-unknown", "identity, gzip"] {
        let endless = stream::pending::<Result<Bytes, Infallible>>();
        let request = bench
            .request()
            .header("content-type", "application/json")
            .header("content-encoding", encoding)
            .body(Body::from_stream(endless));
        let reply = bench.api.send(request.expect("valid")).await;
        bench.assert_refused(&reply, 415, "unsupported-media-type", encoding);
    }
    let identity = with_header(
        request(
            Method::POST,
            GENERATE,
            &bench.user.key,
            Some(&json!({"prompt": "x"})),
        ),
        "content-encoding",
        "identity",
    );
    assert_eq!(bench.api.send(identity).await.status, 202);
}

#[tokio::test]
async fn a_body_of_a_mebibyte_is_read_and_one_byte_more_is_not() {
    let bench = Bench::new().await;
    let body = |length: usize| format!("{{\"prompt\":\"{}\"}}", "x".repeat(length - 13));
    let reply = bench.raw(body(MEBIBYTE + 1)).await;
    bench.assert_refused(&reply, 413, "payload-too-large", "one byte too many");
    let reply = bench.raw(body(MEBIBYTE)).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
}

#[tokio::test]
async fn an_announced_length_over_the_limit_is_refused_before_reading() {
    let bench = Bench::new().await;
    let endless = stream::pending::<Result<Bytes, Infallible>>();
    let request = bench
        .request()
        .header("content-type", "application/json")
        .header("content-length", MEBIBYTE + 1)
        .body(Body::from_stream(endless));
    let reply = bench.api.send(request.expect("valid")).await;
    bench.assert_refused(&reply, 413, "payload-too-large", "announced");
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut_at_the_limit() {
    let bench = Bench::new().await;
    let endless = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b' '; 4096])));
    let reply = bench.raw(Body::from_stream(endless)).await;
    bench.assert_refused(&reply, 413, "payload-too-large", "endless");
    // A length that lies is not believed.
    let endless = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b' '; 4096])));
    let request = bench
        .request()
        .header("content-type", "application/json")
        .header("content-length", 2)
        .body(Body::from_stream(endless));
    let reply = bench.api.send(request.expect("valid")).await;
    bench.assert_refused(
        &reply,
        413,
        "payload-too-large",
        "endless, announced as short",
    );
}

#[tokio::test]
async fn a_body_that_does_not_arrive_or_breaks_off_is_refused() {
    let bench = Bench::new().await;
    let stalled = stream::pending::<Result<Bytes, Infallible>>();
    let reply = bench.raw(Body::from_stream(stalled)).await;
    bench.assert_refused(&reply, 408, "request-timeout", "stalled");
    let chunks = [
        Ok(Bytes::from_static(b"{\"prompt\":")),
        Err(std::io::Error::other("reset by peer")),
    ];
    let reply = bench.raw(Body::from_stream(stream::iter(chunks))).await;
    bench.assert_refused(&reply, 400, "body-incomplete", "broken off");
    assert!(!reply.text.contains("reset by peer"));
}

#[tokio::test]
async fn a_request_without_a_valid_key_is_not_read() {
    let bench = Bench::new().await;
    let endless = stream::pending::<Result<Bytes, Infallible>>();
    let request = Request::post(GENERATE).header("content-type", "application/json");
    let reply = bench
        .api
        .send(request.body(Body::from_stream(endless)).expect("valid"))
        .await;
    bench.assert_refused(&reply, 401, "unauthenticated", "no key");
}

#[tokio::test]
async fn a_long_url_and_large_headers_are_refused() {
    let bench = Bench::new().await;
    let long = format!("/api/v1/jobs?refId={}", "x".repeat(2048));
    let reply = bench.api.get(&long, &bench.user.key).await;
    bench.assert_refused(&reply, 414, "uri-too-long", "long query");
    let reply = bench.api.get(&format!("/{}", "x".repeat(4096)), "").await;
    bench.assert_refused(&reply, 414, "uri-too-long", "long path");
    assert!(reply.text.len() < 1024, "the path is not repeated");
    let large = with_header(
        request(Method::GET, "/api/v1/jobs", &bench.user.key, None),
        "x-a",
        &"x".repeat(16_384),
    );
    let reply = bench.api.send(large).await;
    bench.assert_refused(&reply, 431, "headers-too-large", "large header");
}

#[tokio::test]
async fn routes_without_parameters_refuse_them() {
    let bench = Bench::new().await;
    let reply = bench
        .api
        .post(
            "/api/v1/generate?model=x",
            &bench.user.key,
            &json!({"prompt": "x"}),
        )
        .await;
    bench.assert_refused(&reply, 422, "validation-failed", "a parameter");
    assert_eq!(reply.named(), ["?model"]);
}
