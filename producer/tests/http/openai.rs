//! Files and Batches as clients of OpenAI's ask for them.

mod batches;
mod files;

use crate::support::{Api, Reply, Step, Tenant, request};
use http::Method;
use redrive_shared::database::DatabaseError;
use serde_json::{Value, json};

const FILE: (&str, Option<&str>, &[u8]) = ("file", Some("lines.jsonl"), b"{}\n");
const PURPOSE: (&str, Option<&str>, &[u8]) = ("purpose", None, b"batch");

async fn send(api: &Api, tenant: &Tenant, method: Method, path: &str) -> Reply {
    api.send(request(method, path, &tenant.key, None)).await
}

/// Status, code and parameter of an error.
fn error(reply: &Reply) -> (u16, String, Value) {
    let error = &reply.json()["error"];
    let code = error["code"].as_str().expect("a code").to_owned();
    (reply.status, code, error["param"].clone())
}

fn invalid(param: &str) -> (u16, String, Value) {
    (400, "validation_failed".to_owned(), json!(param))
}

#[tokio::test]
async fn every_problem_below_v1_comes_in_the_envelope() {
    let api = Api::new();
    let tenant = api.user().await;
    let reader = Tenant {
        key: api.key(&tenant.id, &["jobs:read"]).await,
        id: tenant.id.clone(),
    };
    let told = |reply: &Reply| {
        let kind = reply.json()["error"]["type"].clone();
        let (status, code, param) = error(reply);
        assert_eq!(param, json!(null));
        (status, code, kind)
    };
    let expected = |status: u16, code: &str, kind: &str| (status, code.to_owned(), json!(kind));
    let unknown = api.get("/v1/models", &tenant.key).await;
    assert_eq!(
        told(&unknown),
        expected(404, "route_not_found", "invalid_request_error")
    );
    let method = send(&api, &tenant, Method::PATCH, "/v1/files").await;
    assert_eq!(
        told(&method),
        expected(405, "method_not_allowed", "invalid_request_error")
    );
    assert_eq!(method.header("allow"), Some("POST, GET, HEAD, OPTIONS"));
    let stranger = api.get("/v1/files", "sk-1").await;
    assert_eq!(
        told(&stranger),
        expected(401, "unauthenticated", "authentication_error")
    );
    let scope = api.upload(&reader, b"{}").await;
    assert_eq!(
        told(&scope),
        expected(403, "insufficient_scope", "permission_error")
    );
    let error = || DatabaseError::Other("no".to_owned());
    api.get("/v1/files", &tenant.key).await;
    api.database().script([Step::FailBefore(error())]);
    let down = api.get("/v1/files", &tenant.key).await;
    assert_eq!(
        told(&down),
        expected(503, "storage_unavailable", "server_error")
    );
    assert_eq!(down.header("retry-after"), Some("2"));
    let elsewhere = api.get("/api/v1/nothing", &tenant.key).await;
    assert_eq!(elsewhere.code(), "route-not-found");
}
