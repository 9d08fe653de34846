//! A client of the API, and what it gets.

use std::fmt::Debug;

use anyhow::{Context as _, Result, ensure};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::poll::{self, PATIENCE};

/// The states that no attempt leaves.
const TERMINAL: [&str; 4] = ["succeeded", "failed", "dead_lettered", "cancelled"];

/// What every prompt of the tests holds, and with it every answer of the simulator: a log with this
/// text in it has leaked one.
pub const PROMPT_MARK: &str = "c4n4ry-prompt";
/// The prompt of most tests.
pub const PROMPT: &str = "c4n4ry-prompt: name three uses of a queue";

/// Somebody with a key, or without one.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    key: Option<String>,
}

/// An answer that has been read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Client {
    /// A client of the API at `url`, which holds `key`.
    ///
    /// # Errors
    /// When there is no way to make HTTP calls.
    pub fn new(url: String, key: Option<String>) -> Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(Policy::none())
            .no_proxy()
            // A connection of its own for every request: one that was kept may be dead after a
            // crash.
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { http, url, key })
    }

    /// A request with the client's key, to be completed and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// Gets a path.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// Posts JSON to a path.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    /// Submits a job for this model, and gives back its id. `fields` are added to the request.
    ///
    /// # Errors
    /// When the job is not accepted.
    pub async fn submit(&self, model: &str, fields: Value) -> Result<String> {
        let mut request = json!({"prompt": PROMPT, "model": model});
        if let (Some(request), Value::Object(fields)) = (request.as_object_mut(), fields) {
            request.extend(fields);
        }
        let accepted = self.post("/api/v1/generate", &request).await?.json(202)?;
        text(&accepted, "jobId")
    }

    /// The job as it stands.
    ///
    /// # Errors
    /// When the API does not tell.
    pub async fn job(&self, job: &str) -> Result<Value> {
        self.get(&format!("/api/v1/jobs/{job}")).await?.json(200)
    }

    /// The job once it is in this state.
    ///
    /// # Errors
    /// When it gets there too late, or ends in another state.
    pub async fn job_in(&self, job: &str, state: &str) -> Result<Value> {
        poll::until(format!("{job} is {state}"), async || {
            let document = self.job(job).await?;
            if field(&document, "status") == state {
                return Ok(Some(document));
            }
            ensure!(
                !is_terminal(&document),
                "the job ended otherwise: {document:#}"
            );
            Ok(None)
        })
        .await
    }

    /// The job once it has ended, however.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn ended(&self, job: &str) -> Result<Value> {
        poll::until(format!("{job} ends"), async || {
            let document = self.job(job).await?;
            Ok(is_terminal(&document).then_some(document))
        })
        .await
    }

    /// The ids of the tenant's jobs, newest first; one page.
    ///
    /// # Errors
    /// When the API does not tell.
    pub async fn jobs(&self) -> Result<Vec<String>> {
        let page = self.get("/api/v1/jobs?limit=100").await?.json(200)?;
        let jobs = field(&page, "data").as_array().context("no data")?;
        jobs.iter().map(|job| text(job, "jobId")).collect()
    }
}

impl Answer {
    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn of(request: RequestBuilder) -> Result<Self> {
        let response = request.send().await?;
        Ok(Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await?,
        })
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When the status is another one than expected, or the body is not JSON.
    pub fn json(&self, status: u16) -> Result<Value> {
        ensure!(
            self.status == status,
            "not {status}: {} {}",
            self.status,
            self.body
        );
        serde_json::from_str(&self.body).with_context(|| format!("no JSON: {}", self.body))
    }

    /// A header's value; empty when it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

fn is_terminal(job: &Value) -> bool {
    job["status"]
        .as_str()
        .is_some_and(|state| TERMINAL.contains(&state))
}

/// A field that must be text.
///
/// # Errors
/// When it is not.
pub fn text(object: &Value, name: &str) -> Result<String> {
    let text = field(object, name).as_str();
    Ok(text
        .with_context(|| format!("no {name}: {object}"))?
        .to_owned())
}

/// A field; `null` when it is absent.
#[must_use]
pub fn field<'v>(object: &'v Value, name: &str) -> &'v Value {
    object.get(name).unwrap_or(&Value::Null)
}

/// The values of one field, of every object of a list.
#[must_use]
pub fn column<'v>(list: &'v Value, name: &str) -> Vec<&'v Value> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(|object| field(object, name))
        .collect()
}
