use anyhow::Result;
use redrive_shared::access::ApiKey;
use redrive_shared::native::SeededEntropy;
use redrive_tests::client::{Answer, Client, PROMPT};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{GENERATE, NO_MEDIA_TYPE, UNAUTHENTICATED, check, nothing_stored, refusal};

#[test]
fn caller_without_a_valid_key_is_told_the_same_whatever_is_wrong() -> Result<()> {
    nothing_stored(async |stage, tenant| {
        let (_, key) = stage.key(&tenant.id, &["jobs:read", "jobs:write"]).await?;
        let last = if key.ends_with('0') { "1" } else { "0" };
        let altered = format!("{}{last}", &key[..key.len() - 1]);
        let unknown = ApiKey::generate(&SeededEntropy::new(4_242));
        let nobody = stage.client(None)?;
        let request = || nobody.request(Method::POST, GENERATE);
        let bearer = |key: &str| request().header(AUTHORIZATION, format!("Bearer {key}"));
        let cases = [
            ("no key", request()),
            ("no key in it", request().header(AUTHORIZATION, "Bearer")),
            (
                "another scheme",
                request().basic_auth("rd_live_x", Some(&key)),
            ),
            ("no scheme", request().header(AUTHORIZATION, &key)),
            ("one character altered", bearer(&altered)),
            ("a key that nobody has", bearer(unknown.reveal())),
            ("two keys", bearer(&format!("{key} {key}"))),
            (
                "two headers",
                bearer(&key).header(AUTHORIZATION, format!("Bearer {key}")),
            ),
            ("a key of nonsense", bearer("' OR 1=1;--")),
            ("an empty X-API-Key", request().header("x-api-key", "")),
            (
                "a key in the URL",
                nobody.request(Method::POST, &format!("{GENERATE}?api_key={key}")),
            ),
        ];
        let mut bodies = Vec::new();
        for (what, request) in cases {
            let answer = Answer::of(request.json(&json!({"prompt": PROMPT}))).await?;
            check(what, &answer, UNAUTHENTICATED)?;
            let mut body: Value = answer.json(401)?;
            body["requestId"].take();
            bodies.push(body);
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
        Ok(())
    })
}

#[test]
fn operators_key_opens_no_tenant_and_a_tenants_key_no_admin_route() -> Result<()> {
    nothing_stored(async |stage, tenant| {
        let body = json!({"prompt": PROMPT});
        check(
            "as a tenant",
            &stage.operator()?.post(GENERATE, &body).await?,
            UNAUTHENTICATED,
        )?;
        let tenants = "/api/v1/admin/tenants";
        let answer = tenant
            .client
            .post(tenants, &json!({"name": "mine"}))
            .await?;
        check(
            "as the operator",
            &answer,
            refusal(403, "insufficient-scope"),
        )
    })
}

#[test]
fn two_different_keys_are_a_contradiction() -> Result<()> {
    nothing_stored(async |stage, tenant| {
        let (_, other) = stage.key(&tenant.id, &["jobs:read"]).await?;
        let request = tenant.client.request(Method::GET, "/api/v1/jobs");
        let answer = Answer::of(request.header("x-api-key", other)).await?;
        check("two keys", &answer, refusal(400, "conflicting-credentials"))
    })
}

fn post(client: &Client) -> RequestBuilder {
    client
        .request(Method::POST, GENERATE)
        .body(json!({"prompt": PROMPT}).to_string())
}

#[test]
fn body_of_another_type_or_encoding_is_refused() -> Result<()> {
    nothing_stored(async |_, tenant| {
        for content_type in [
            "text/plain",
            "text/json",
            "application/json; charset=utf-16",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/json, text/plain",
            "",
        ] {
            let request = post(&tenant.client).header(CONTENT_TYPE, content_type);
            check(content_type, &Answer::of(request).await?, NO_MEDIA_TYPE)?;
        }
        check(
            "no type",
            &Answer::of(post(&tenant.client)).await?,
            NO_MEDIA_TYPE,
        )?;
        for encoding in [
            "gzip",
            "br",
            "deflate",
            "zstd",
            "identity, gzip",
            "nonsense",
        ] {
            let request = post(&tenant.client).header(CONTENT_TYPE, "application/json");
            let answer = Answer::of(request.header(CONTENT_ENCODING, encoding)).await?;
            check(encoding, &answer, NO_MEDIA_TYPE)?;
        }
        Ok(())
    })
}

#[test]
fn promise_that_is_not_kept_is_refused() -> Result<()> {
    nothing_stored(async |stage, _| {
        let operator = stage.operator()?;
        let tenant = json!({"name": "a tenant of a test"});
        let request = operator.request(Method::POST, "/api/v1/admin/tenants");
        let request = request.json(&tenant).header("idempotency-key", "k1");
        let answer = Answer::of(request).await?;
        check(
            "Idempotency-Key",
            &answer,
            refusal(400, "idempotency-not-supported"),
        )
    })
}
