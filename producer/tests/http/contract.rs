//! What holds of every route: methods, headers, the log, and the description of the API.

use crate::support::{ADMIN_KEY, Api, request, with_header};
use http::Method;
use redrive_producer::{Access, ProblemCode, ROUTES, openapi};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::replay::ReplayRequest;
use redrive_shared::request::{GenerateRequest, Known};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn description() -> Value {
    serde_json::from_str(&openapi::document().expect("it has a JSON form")).expect("it is JSON")
}

#[test]
fn the_committed_description_is_what_the_code_says() {
    let committed = include_str!("../../../docs/openapi.json");
    let current = openapi::document().expect("it has a JSON form");
    assert!(
        committed == current,
        "run `cargo run -p redrive-producer --example openapi > docs/openapi.json` and commit it"
    );
}

#[test]
fn the_description_has_the_routes_of_the_table() {
    let description = description();
    let mut described = BTreeSet::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys() {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let table: BTreeSet<(String, String)> = ROUTES
        .iter()
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    assert_eq!(described, table);
    assert_eq!(table.len(), ROUTES.len(), "no route stands twice");
}

#[test]
fn every_operation_says_what_it_needs_and_has_a_name_of_its_own() {
    let description = description();
    let mut names = BTreeSet::new();
    for route in &ROUTES {
        let operation = &description["paths"][route.path][route.method.as_str().to_lowercase()];
        assert!(
            names.insert(operation["operationId"].to_string()),
            "{}",
            operation["operationId"]
        );
        let needs_key = operation["security"]
            .as_array()
            .is_some_and(|needed| !needed.is_empty());
        assert_eq!(needs_key, route.access != Access::Public, "{route:?}");
        let names_id = operation["parameters"]
            .to_string()
            .contains(r#""in":"path","name":"id""#)
            || operation["parameters"]
                .to_string()
                .contains(r#""name":"id","in":"path""#);
        assert_eq!(names_id, route.path.contains("{id}"), "{route:?}");
    }
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                found.extend(
                    object
                        .get("$ref")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                );
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let description = description();
    let mut found = BTreeSet::new();
    references(&description, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        let pointer = reference
            .strip_prefix('#')
            .expect("a reference within the document");
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn the_described_generate_request_is_the_one_that_is_read() {
    let description = description();
    let schema = &description["components"]["schemas"]["GenerateBody"];
    assert_eq!(schema["additionalProperties"], false);
    let configuration = crate::support::configuration();
    let known = Known {
        configuration: &configuration,
        default_providers: &[],
    };
    for name in schema["properties"].as_object().expect("properties").keys() {
        let mut body = json!({"prompt": "Hello"});
        body[name] = json!([[]]);
        let errors = GenerateRequest::read(&body, &known).expect_err("no field takes that");
        assert!(
            errors
                .iter()
                .all(|error| error.detail != "is not a known field"),
            "{name}"
        );
    }
    let example = &description["paths"]["/api/v1/generate"]["post"]["requestBody"]["content"]["application/json"];
    assert!(GenerateRequest::read(&example["example"], &known).is_ok());
    let whole = json!({
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": "What is this?"}, {"type": "image", "url": "https://a/b.png"}
        ]}],
        "system": "s", "model": "m", "provider": "openai", "maxTokens": 1, "temperature": 0,
        "topP": 1, "stop": ["x"], "seed": 1,
        "responseFormat": {"type": "jsonSchema", "name": "n", "schema": {"type": "object"}},
        "providerOptions": {"openai": {"user": "u"}}, "onContentFilter": "fallback",
        "onRefusal": "succeed", "language": "rust", "difficulty": "easy", "metadata": {}, "refType": "t", "refId": "r",
        "deadlineSeconds": 1, "maxAttempts": 1
    });
    assert!(GenerateRequest::read(&whole, &known).is_ok());
    for name in whole.as_object().expect("an object").keys() {
        assert!(schema["properties"][name].is_object(), "{name}");
    }
}

#[tokio::test]
async fn the_description_is_served_as_committed() {
    let api = Api::new();
    let reply = api.get("/api/openapi.json", "").await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/json"))
    );
    assert_eq!(reply.text, include_str!("../../../docs/openapi.json"));
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    for route in ROUTES.iter().filter(|route| route.method == Method::GET) {
        let path = route.path.replace("{id}", &job);
        let key = if route.access == Access::Admin {
            ADMIN_KEY
        } else {
            &user.key
        };
        let get = api.get(&path, key).await;
        let head = api.send(request(Method::HEAD, &path, key, None)).await;
        assert_eq!(
            (head.status, head.text.as_str()),
            (get.status, ""),
            "{path}"
        );
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("etag"), get.header("etag"));
    }
}

#[tokio::test]
async fn options_and_405_name_the_methods_of_the_path() {
    let api = Api::new();
    for (path, allowed) in [
        ("/api/health", "GET, HEAD, OPTIONS"),
        ("/api/v1/generate", "POST, OPTIONS"),
        ("/api/v1/jobs", "GET, HEAD, OPTIONS"),
        ("/api/v1/jobs/x/cancel", "POST, OPTIONS"),
        ("/api/v1/admin/keys", "POST, GET, HEAD, OPTIONS"),
        ("/api/v1/admin/keys/x", "DELETE, OPTIONS"),
    ] {
        let reply = api.send(request(Method::OPTIONS, path, "", None)).await;
        assert_eq!(
            (reply.status, reply.header("allow"), reply.text.as_str()),
            (204, Some(allowed), "")
        );
        let patch = Method::from_bytes(b"BREW").expect("a method");
        for method in [Method::PUT, Method::PATCH, Method::TRACE, patch] {
            let reply = api.send(request(method, path, "", None)).await;
            assert_eq!(
                (reply.status, reply.code()),
                (405, "method-not-allowed".to_owned()),
                "{path}"
            );
            assert_eq!(reply.header("allow"), Some(allowed));
        }
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_problem_too() {
    let api = Api::new();
    let user = api.user().await;
    for path in [
        "/",
        "/api",
        "/api/v2/jobs",
        "/api/v1/jobs/",
        "//api/health",
        "/api/v1/JOBS",
        "/api/v1/jobs/a/b",
    ] {
        let reply = api.get(path, &user.key).await;
        assert_eq!(
            (reply.status, reply.code()),
            (404, "route-not-found".to_owned()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_request_id_is_ours_and_new_each_time() {
    let api = Api::new();
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let get = request(Method::GET, "/api/health", "", None);
        let reply = api.send(with_header(get, "x-request-id", "req_mine")).await;
        let id = reply.header("x-request-id").expect("an id").to_owned();
        assert!(id != "req_mine" && seen.insert(id));
    }
    assert!(!api.ports().log.lines().join("\n").contains("req_mine"));
}

#[tokio::test]
async fn every_request_is_logged_once_with_what_it_was_about() {
    let api = Api::new();
    let user = api.user().await;
    let job = api.job(&user).await;
    let reply = api.get(&format!("/api/v1/jobs/{job}?x=1"), &user.key).await;
    let events = api.events();
    assert!(events.iter().all(|event| event["event"] == "request"));
    assert_eq!(events.len(), 4);
    let submitted = &events[2];
    assert_eq!(submitted["job.id"], job.as_str());
    assert_eq!(submitted["status"], 202);
    let refused = &events[3];
    let key = api.database().text("SELECT id FROM api_keys");
    assert_eq!(
        *refused,
        json!({
            "event": "request", "request.id": reply.header("x-request-id"), "method": "GET",
            "route": "/api/v1/jobs/{id}", "status": 422, "duration_ms": 0, "tenant.id": user.id,
            "key.id": key, "error.code": "validation-failed"
        })
    );
}

#[tokio::test]
async fn the_log_holds_no_prompt_and_no_key() {
    const CANARY: &str = "canary-7f3a";
    let api = Api::new();
    let user = api.user().await;
    api.ports().jobs.set_broken(true);
    api.ports().cache.set_broken(true);
    let bodies = [
        json!({"prompt": CANARY, "system": CANARY, "metadata": {CANARY: CANARY}, "refId": CANARY}),
        json!({"prompt": CANARY, CANARY: CANARY}),
        json!({"prompt": [CANARY], "model": format!("{CANARY}!")}),
    ];
    for body in &bodies {
        for key in [user.key.as_str(), CANARY, ADMIN_KEY, ""] {
            api.post("/api/v1/generate", key, body).await;
        }
    }
    let job = api.database().text("SELECT id FROM jobs");
    api.get(&format!("/api/v1/jobs/{job}"), &user.key).await;
    api.get(
        &format!("/api/v1/jobs/{CANARY}?{CANARY}={CANARY}"),
        &user.key,
    )
    .await;
    api.get(&format!("/{CANARY}"), CANARY).await;
    let brew =
        Method::from_bytes(CANARY.replace('-', "").to_uppercase().as_bytes()).expect("a method");
    api.send(request(brew, "/api/health", "", None)).await;
    let log = api.ports().log.lines().join("\n");
    assert!(log.lines().count() > 15);
    for secret in [
        CANARY,
        "CANARY",
        user.key.as_str(),
        &user.key[8..],
        ADMIN_KEY,
    ] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn every_described_error_code_can_be_filtered_by() {
    let description = description();
    let described = &description["components"]["schemas"]["ErrorCode"]["enum"];
    let mut codes: Vec<&str> = ErrorCode::ALL.map(ErrorCode::as_str).to_vec();
    let parameters = &description["paths"]["/api/v1/dead-letters"]["get"]["parameters"];
    let filter = parameters
        .as_array()
        .and_then(|all| all.iter().find(|parameter| parameter["name"] == "code"));
    assert_eq!(filter.expect("a filter")["schema"]["enum"], json!(codes));
    // What a later version may write is not known by name.
    codes.push("unknown");
    assert_eq!(*described, json!(codes));
}

#[test]
fn the_described_replay_is_the_one_that_is_read() {
    let description = description();
    let schema = &description["components"]["schemas"]["ReplayBody"];
    assert_eq!(schema["additionalProperties"], false);
    let whole = json!({
        "model": "m", "provider": "openai", "maxAttempts": 1, "deadlineSeconds": 1, "note": "n"
    });
    assert!(ReplayRequest::read(&whole).is_ok());
    let list = json!({"providers": [{"provider": "openai"}]});
    assert!(ReplayRequest::read(&list).is_ok());
    let described: BTreeSet<&String> = schema["properties"]
        .as_object()
        .expect("properties")
        .keys()
        .collect();
    assert_eq!(
        described,
        [&whole, &list]
            .iter()
            .flat_map(|body| body.as_object().expect("an object").keys())
            .collect()
    );
    let example = &description["paths"]["/api/v1/dead-letters/{id}/replay"]["post"]["requestBody"]
        ["content"]["application/json"];
    assert!(ReplayRequest::read(&example["example"]).is_ok());
}

#[test]
fn the_description_names_every_problem() {
    let text = openapi::document().expect("it has a JSON form");
    for code in ProblemCode::ALL {
        assert!(
            text.contains(&format!("\"{}\"", code.as_str())),
            "{}",
            code.as_str()
        );
    }
}
