//! Tenants and their keys: what is another's does not exist, and what is revoked is refused.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use redrive_tests::client::{Answer, Client};
use redrive_tests::poll;
use redrive_tests::stage::Tenant;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stages::shared;

/// Every method and path of the API that takes an id.
async fn routes_with_an_id(client: &Client) -> Result<Vec<(Method, String)>> {
    let description = client.get("/api/openapi.json").await?.json(200)?;
    let paths = description["paths"].as_object().context("no paths")?;
    let mut routes = Vec::new();
    for (path, operations) in paths.iter().filter(|(path, _)| path.contains('{')) {
        for method in operations.as_object().context("no operations")?.keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes())?;
            routes.push((method, path.clone()));
        }
    }
    Ok(routes)
}

/// What a client can tell two answers apart by.
#[derive(Debug, PartialEq)]
struct Visible {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

fn visible(answer: &Answer) -> Result<Visible> {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id" && *name != "date")
        .map(|(name, value)| Ok((name.to_string(), value.to_str()?.to_owned())))
        .collect::<Result<_>>()?;
    headers.sort();
    let mut body: Value = serde_json::from_str(&answer.body)?;
    let own = body.as_object_mut().context("no object")?;
    // These repeat the request's own id and path.
    own.remove("requestId");
    own.remove("instance");
    Ok(Visible {
        status: answer.status,
        headers,
        body,
    })
}

/// What is sent, and as what.
type Sent = (&'static str, &'static str);

const BATCH: Sent = ("application/json", "[{\"prompt\":\"Hello\"}]");

const FILE: Sent = (
    "multipart/form-data; boundary=b",
    "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
     --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\r\n\r\n{}\n\r\n--b--\r\n",
);

/// The id of what a tenant makes.
async fn made(owner: &Tenant, path: &str, sent: Sent, id: &str) -> Result<String> {
    let request = owner.client.request(Method::POST, path);
    let request = request.header("content-type", sent.0).body(sent.1);
    let answer = Answer::of(request).await?;
    ensure!(answer.status < 300, "{} {}", answer.status, answer.body);
    let body: Value = serde_json::from_str(&answer.body)?;
    Ok(body[id].as_str().context("no id")?.to_owned())
}

#[test]
fn foreign_id_is_answered_like_an_unknown_one_on_every_route() -> Result<()> {
    shared(async |stage| {
        let (owner, stranger) = (stage.tenant().await?, stage.tenant().await?);
        let job = owner.client.submit("sim-ok", json!({})).await?;
        owner.client.job_in(&job, "succeeded").await?;
        let waiting = owner
            .client
            .submit("sim-429-300@tenancy", json!({}))
            .await?;
        owner.client.job_in(&waiting, "retry_scheduled").await?;
        let dead = owner.client.submit("sim-401@tenancy", json!({})).await?;
        owner.client.job_in(&dead, "dead_lettered").await?;
        let batch = made(&owner, "/api/v1/batches", BATCH, "batchId").await?;
        let file = made(&owner, "/v1/files", FILE, "id").await?;
        let scopes = ["jobs:read", "jobs:write", "ops:read", "ops:write"];
        let (_, key) = stage.key(&stranger.id, &scopes).await?;
        let strange = stage.client(Some(&key))?;
        let routes = routes_with_an_id(&strange).await?;
        ensure!(routes.len() >= 4, "the API has more routes than {routes:?}");
        for (method, path) in routes {
            let (foreign, unknown, expected) = if path.contains("/admin/") {
                let unknown = "key_019dc2d7c93c7c3a9d2f5a1b7c8e9f00";
                let foreign = vec![&owner.key_id, &owner.id];
                (foreign, unknown, (403, "insufficient-scope"))
            } else if path.contains("/batches/") {
                let unknown = "bat_019dc2d7c93c7c3a9d2f5a1b7c8e9f00";
                (vec![&batch], unknown, (404, "not-found"))
            } else if path.contains("/files/") {
                let unknown = "file-019dc2d7c93c7c3a9d2f5a1b7c8e9f00";
                (vec![&file], unknown, (404, "not-found"))
            } else {
                let unknown = "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00";
                (vec![&job, &waiting, &dead], unknown, (404, "not-found"))
            };
            let ask = async |id: &str| {
                let path = path.replace("{id}", id);
                visible(&Answer::of(strange.request(method.clone(), &path)).await?)
            };
            let nobody = ask(unknown).await?;
            assert_eq!(nobody.status, expected.0, "{method} {path}");
            // OpenAI's routes have an envelope of their own.
            if !path.starts_with("/v1/") {
                assert_eq!(nobody.body["code"], expected.1, "{method} {path}");
            }
            for id in foreign {
                assert_eq!(ask(id).await?, nobody, "{method} {path} {id}");
            }
            assert_eq!(ask("no-id").await?, nobody, "{method} {path}");
        }
        assert_eq!(
            owner.client.job(&waiting).await?["status"],
            "retry_scheduled"
        );
        assert_eq!(stranger.client.jobs().await?, Vec::<String>::new());
        let own = owner.client.jobs().await?;
        assert!([dead, waiting, job].iter().all(|job| own.contains(job)));
        Ok(())
    })
}

#[test]
fn header_does_not_make_a_caller_another_tenant() -> Result<()> {
    shared(async |stage| {
        let (owner, stranger) = (stage.tenant().await?, stage.tenant().await?);
        owner.client.submit("sim-ok", json!({})).await?;
        let request = stranger.client.request(Method::GET, "/api/v1/jobs");
        let list = Answer::of(request.header("x-tenant-id", &owner.id))
            .await?
            .json(200)?;
        assert_eq!(list["data"], json!([]));
        Ok(())
    })
}

#[test]
fn revoked_key_is_refused_within_ten_seconds() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        tenant.client.jobs().await?;
        let path = format!("/api/v1/admin/keys/{}", tenant.key_id);
        let operator = stage.operator()?;
        let revoked = Answer::of(operator.request(Method::DELETE, &path))
            .await?
            .json(200)?;
        assert!(revoked["revokedAt"].is_string(), "{revoked:#}");
        let since = Instant::now();
        poll::until("the key is refused", async || {
            let answer = tenant.client.get("/api/v1/jobs").await?;
            let limit = Duration::from_secs(10);
            ensure!(
                answer.status == 401 || since.elapsed() < limit,
                "it is still taken"
            );
            Ok((answer.status == 401).then_some(()))
        })
        .await
    })
}

#[test]
fn expired_key_is_refused() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let operator = stage.operator()?;
        let soon = time_from_now(&operator, 2).await?;
        let wanted = json!({
            "tenantId": tenant.id, "name": "short-lived", "scopes": ["jobs:read"], "expiresAt": soon,
        });
        let made = operator
            .post("/api/v1/admin/keys", &wanted)
            .await?
            .json(201)?;
        let client = stage.client(made["key"].as_str())?;
        poll::until("the key expires", async || {
            Ok((client.get("/api/v1/jobs").await?.status == 401).then_some(()))
        })
        .await
    })
}

/// The API's own time, so many seconds later, in RFC 3339.
async fn time_from_now(client: &Client, seconds: i64) -> Result<String> {
    let health = client.get("/api/health").await?.json(200)?;
    let now = health["timestamp"].as_str().context("no timestamp")?;
    let now = redrive_shared::clock::Instant::parse_rfc3339(now).context("no RFC 3339")?;
    Ok(now.plus_seconds(seconds).to_rfc3339())
}

#[test]
fn key_opens_what_its_scopes_say_and_no_more() -> Result<()> {
    shared(async |stage| {
        let tenant = stage.tenant().await?;
        let (_, reader) = stage.key(&tenant.id, &["jobs:read"]).await?;
        let reader = stage.client(Some(&reader))?;
        assert_eq!(reader.jobs().await?, Vec::<String>::new());
        for (client, method, path) in [
            (&reader, Method::POST, "/api/v1/generate"),
            (&reader, Method::POST, "/api/v1/admin/tenants"),
            (&tenant.client, Method::POST, "/api/v1/admin/keys"),
            (&tenant.client, Method::GET, "/api/v1/admin/keys"),
        ] {
            let refused = Answer::of(client.request(method, path)).await?;
            assert_eq!(refused.json(403)?["code"], "insufficient-scope", "{path}");
        }
        Ok(())
    })
}
