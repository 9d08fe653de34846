//! The API as the clients of a run use it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::client::text;

/// No request takes longer, unless the runtime is being killed.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A tenant with a key, and connections to the stack.
#[derive(Clone, Debug)]
pub(super) struct Api {
    http: reqwest::Client,
    url: String,
    key: String,
    tenant: String,
}

impl Api {
    /// Makes a tenant and a key.
    pub(super) async fn new(url: String, admin_key: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .build()?;
        let admin = Self {
            http,
            url,
            key: admin_key.to_owned(),
            tenant: String::new(),
        };
        let tenant = json!({"name": "chaos"});
        let tenant = admin.create("/api/v1/admin/tenants", &tenant).await?;
        let tenant = text(&tenant, "tenantId")?;
        let scopes = ["jobs:read", "jobs:write"];
        let key = json!({"tenantId": tenant, "name": "chaos", "scopes": scopes});
        let key = admin.create("/api/v1/admin/keys", &key).await?;
        let key = text(&key, "key")?;
        Ok(Self {
            key,
            tenant,
            ..admin
        })
    }

    /// The tenant's id.
    pub(super) fn tenant(&self) -> &str {
        &self.tenant
    }

    async fn create(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.request(Method::POST, path).json(body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// A request with the key.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.bearer_auth(&self.key)
    }

    /// The job as the API tells it; `None` when it knows of none.
    pub(super) async fn job(&self, job: &str) -> Result<Option<Value>> {
        let path = format!("/api/v1/jobs/{job}");
        let answer = self.request(Method::GET, &path).send().await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = answer.error_for_status()?;
        answer.json().await.context("a job is no JSON").map(Some)
    }

    /// Runs the sweep once. That it fails is part of the day.
    pub(super) async fn sweep(&self) {
        self.request(Method::POST, "/__local/cron")
            .send()
            .await
            .ok();
    }

    /// What a control route of the simulator tells.
    pub(super) async fn ask_provider(&self, url: String) -> Result<Value> {
        let answer = self.http.get(url).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}
