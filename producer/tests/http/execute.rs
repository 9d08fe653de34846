//! Jobs that run code: their routes, what they take, and the languages there are.

use crate::support::{Api, Tenant, request, with_header};
use http::Method;
use redrive_producer::openapi;
use redrive_shared::configuration::Configuration;
use redrive_shared::json::FieldError;
use redrive_shared::request::{ExecuteRequest, ExecuteTestsRequest};
use serde_json::{Value, json};

const PROGRAM: &str = "/api/v1/execute";
const TESTS: &str = "/api/v1/execute/tests";

type Read = fn(&Value, &Configuration) -> Result<(), Vec<FieldError>>;

fn program() -> Value {
    json!({"source_code": "print(1)", "language": "py", "time_limit": 2, "refType": "t", "refId": "1"})
}

fn tests() -> Value {
    json!({
        "userCode": "f = x => x", "language": "node", "functionName": "f",
        "testCases": [{"input": [1], "expected": 1}]
    })
}

async fn submitted(api: &Api, user: &Tenant, path: &str, body: &Value) -> String {
    let reply = api.post(path, &user.key, body).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    let document = reply.json();
    assert_eq!(reply.header("location"), document["statusUrl"].as_str());
    document["jobId"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_program_is_accepted_and_its_status_read() {
    let api = Api::new();
    let user = api.user().await;
    let job = submitted(&api, &user, PROGRAM, &program()).await;
    assert_eq!(api.ports().jobs.take().len(), 1);
    let document = api
        .get(&format!("/api/v1/execute/{job}/status"), &user.key)
        .await
        .json();
    assert_eq!(
        document,
        json!({
            "jobId": job, "kind": "execute", "status": "queued", "attempt": 0,
            "createdAt": "2026-11-21T10:55:17.372Z", "deadlineAt": "2026-11-22T10:55:17.372Z",
            "model": "python", "refType": "t", "refId": "1", "attempts": []
        })
    );
    let stored = api.database().text("SELECT request FROM jobs");
    assert_eq!(
        serde_json::from_str::<Value>(&stored).expect("JSON"),
        json!({
            "language": "python", "source_code": "print(1)",
            "limits": {"time_ms": 2000, "memory_mib": 64}
        })
    );
}

#[tokio::test]
async fn test_cases_are_accepted_and_listed_by_their_kind() {
    let api = Api::new();
    let user = api.user().await;
    submitted(&api, &user, PROGRAM, &program()).await;
    let job = submitted(&api, &user, TESTS, &tests()).await;
    let page = api
        .get("/api/v1/jobs?kind=execute_tests", &user.key)
        .await
        .json();
    let listed: Vec<&Value> = page["data"].as_array().expect("jobs").iter().collect();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["jobId"], job.as_str());
    assert_eq!(listed[0]["model"], "javascript");
}

#[tokio::test]
async fn a_key_makes_one_job_of_each_kind() {
    let api = Api::new();
    let user = api.user().await;
    let send = async |path: &str, body: &Value| {
        let post = request(Method::POST, path, &user.key, Some(body));
        api.send(with_header(post, "idempotency-key", "\"once\""))
            .await
    };
    let first = send(PROGRAM, &program()).await;
    let again = send(PROGRAM, &program()).await;
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.json()["jobId"], again.json()["jobId"]);
    let mut other = program();
    other["stdin"] = json!("something else");
    let other = send(PROGRAM, &other).await;
    assert_eq!(
        (other.status, other.code()),
        (422, "idempotency-key-reused".to_owned())
    );
    let tests = send(TESTS, &tests()).await;
    assert_eq!(tests.status, 202, "{tests:?}");
    assert_ne!(first.json()["jobId"], tests.json()["jobId"]);
    assert_eq!(api.database().count("jobs"), 2);
    assert_eq!(api.ports().jobs.take().len(), 2);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_stored() {
    let api = Api::new();
    let user = api.user().await;
    for (path, body, named) in [
        (PROGRAM, json!({}), vec!["/sourceCode", "/language"]),
        (PROGRAM, json!([]), vec![""]),
        (
            PROGRAM,
            json!({"source_code": "", "language": "cobol", "time_limit": 0, "memory_limit": 8}),
            vec!["/source_code", "/language", "/time_limit", "/memory_limit"],
        ),
        (
            PROGRAM,
            json!({"source_code": "1", "sourceCode": "1", "language": "js"}),
            vec!["/source_code"],
        ),
        (
            PROGRAM,
            json!({"sourceCode": "1", "language": "js", "testCases": []}),
            vec!["/testCases"],
        ),
        (
            TESTS,
            json!({"userCode": "1", "language": "js", "testCases": [{"input": 1}], "sourceCode": "1"}),
            vec!["/testCases/0/expected", "/sourceCode"],
        ),
        (
            TESTS,
            json!({"userCode": "1", "language": "js", "testCases": [], "functionName": "a b"}),
            vec!["/testCases", "/functionName"],
        ),
    ] {
        let reply = api.post(path, &user.key, &body).await;
        assert_eq!(
            (reply.status, reply.code()),
            (422, "validation-failed".to_owned()),
            "{body}"
        );
        assert_eq!(reply.named(), named, "{body}");
    }
    let body = json!({"sourceCode": "x".repeat(262_145), "language": "js"});
    let reply = api.post(PROGRAM, &user.key, &body).await;
    assert_eq!(
        (reply.status, reply.named()),
        (422, vec!["/sourceCode".to_owned()])
    );
    let reply = api.get(&format!("{PROGRAM}?x=1"), &user.key).await;
    assert_eq!(reply.status, 405);
    assert_eq!(api.database().count("jobs"), 0);
    assert!(api.ports().jobs.take().is_empty());
}

#[tokio::test]
async fn an_unknown_language_is_answered_with_the_known_ones() {
    let api = Api::new();
    let user = api.user().await;
    let body = json!({"sourceCode": "1", "language": "cobol"});
    let reply = api.post(PROGRAM, &user.key, &body).await;
    assert_eq!(
        reply.json()["errors"],
        json!([{
            "pointer": "/language", "detail": "must be one of `javascript`, `python`"
        }])
    );
}

#[tokio::test]
async fn submitting_needs_the_scope_to_write_and_listing_the_one_to_read() {
    let api = Api::new();
    let reader = api.tenant(&["jobs:read"]).await;
    let writer = api.tenant(&["jobs:write"]).await;
    for (path, body) in [(PROGRAM, program()), (TESTS, tests())] {
        assert_eq!(api.post(path, &reader.key, &body).await.status, 403);
        assert_eq!(api.post(path, "", &body).await.status, 401);
        assert_eq!(api.post(path, &writer.key, &body).await.status, 202);
    }
    assert_eq!(api.get("/api/v1/languages", &writer.key).await.status, 403);
    assert_eq!(api.get("/api/v1/languages", "").await.status, 401);
    assert_eq!(api.get("/api/v1/languages", &reader.key).await.status, 200);
}

#[tokio::test]
async fn the_languages_are_those_of_the_configuration() {
    let api = Api::new();
    let user = api.user().await;
    let limits = json!({
        "maxTimeLimit": 30.0, "defaultTimeLimit": 10.0, "maxMemoryLimit": 64,
        "defaultMemoryLimit": 64
    });
    let reply = api.get("/api/v1/languages", &user.key).await;
    assert_eq!(
        reply.json(),
        json!({"data": [
            {"language": "javascript", "aliases": ["js", "node"], "runner": "executor",
             "functionCalls": true, "limits": limits},
            {"language": "python", "aliases": ["py", "python3"], "runner": "executor",
             "functionCalls": true, "limits": limits}
        ]})
    );
    let reply = api.get("/api/v1/languages?x=1", &user.key).await;
    assert_eq!((reply.status, reply.named()), (422, vec!["?x".to_owned()]));
}

#[tokio::test]
async fn a_result_is_shown_by_its_kind() {
    let api = Api::new();
    let user = api.user().await;
    let run = json!({"stdout": "1\n", "stderr": "", "exitCode": 0, "value": null, "durationMs": 3});
    let report = json!({
        "cases": [{"name": "case 1", "passed": false, "expected": 1, "actual": null, "stdout": "",
                   "error": "The program ran out of time.", "durationMs": 9, "limit": "time"}],
        "total": 1, "passed": 0, "failed": 1
    });
    for (path, body, result) in [(PROGRAM, program(), run), (TESTS, tests(), report)] {
        let job = submitted(&api, &user, path, &body).await;
        api.put_job(&job, "succeeded");
        let output = result.to_string();
        api.database().execute(&format!(
            "INSERT INTO task_results (job_id, tenant_id, attempt, output, finish_reason, truncated, \
             warnings, provider, model, finished_at_ms) VALUES ('{job}', '{}', 1, '{output}', \
             'stop', 0, '[]', 'executor-python', 'python', 1)",
            user.id
        ));
        let path = format!("/api/v1/jobs/{job}");
        let document = api.get(&path, &user.key).await.json();
        assert_eq!(document["result"], result);
        let cached = api.get(&path, &user.key).await.json();
        assert_eq!(cached, document, "the cache says the same");
    }
}

#[test]
fn the_described_requests_are_the_ones_that_are_read() {
    let description: Value =
        serde_json::from_str(&openapi::document().expect("it has a JSON form")).expect("JSON");
    let configuration = crate::support::configuration();
    let requests: [(&str, &str, Read); 2] = [
        (PROGRAM, "ExecuteBody", |body, configuration| {
            ExecuteRequest::read(body, configuration).map(|_read| ())
        }),
        (TESTS, "ExecuteTestsBody", |body, configuration| {
            ExecuteTestsRequest::read(body, configuration).map(|_read| ())
        }),
    ];
    for (path, schema, read) in requests {
        let schema = &description["components"]["schemas"][schema];
        assert_eq!(schema["additionalProperties"], false);
        let properties = schema["properties"].as_object().expect("properties");
        assert!(properties.len() > 10);
        for name in properties.keys() {
            let errors =
                read(&json!({name: [[]]}), &configuration).expect_err("no field takes that");
            let unknown =
                |error: &redrive_shared::json::FieldError| error.detail == "is not a known field";
            assert!(!errors.iter().any(unknown), "{name}");
        }
        let content = &description["paths"][path]["post"]["requestBody"]["content"];
        let example = &content["application/json"]["example"];
        assert_eq!(read(example, &configuration), Ok(()));
    }
}
