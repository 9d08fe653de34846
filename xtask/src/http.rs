//! The few HTTP calls that the commands make to a local stack.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use reqwest::blocking::Client;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// Longer than the longest wait that the API grants (25 s).
const TIMEOUT: Duration = Duration::from_secs(40);

/// One call.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: String,
    /// Sent as `Authorization: Bearer …`.
    pub(crate) bearer: Option<&'a str>,
    pub(crate) headers: &'a [(&'static str, &'a str)],
    pub(crate) body: Option<&'a Value>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON, if the status is the expected one.
    pub(crate) fn json(&self, expected: u16) -> Result<Value> {
        if self.status != expected {
            bail!(
                "the API answered {} instead of {expected}: {}",
                self.status,
                self.body
            );
        }
        serde_json::from_str(&self.body).context("the API answered no JSON")
    }
}

impl Call<'_> {
    /// Makes the call.
    ///
    /// On a thread of its own: the blocking client must not run on a thread of an async runtime,
    /// and tests start stacks from wherever they are.
    pub(crate) fn send(&self) -> Result<Answer> {
        std::thread::scope(|scope| scope.spawn(|| self.send_here()).join())
            .unwrap_or_else(|_| bail!("the HTTP client panicked"))
            .with_context(|| format!("{} {}", self.method, self.url))
    }

    fn send_here(&self) -> Result<Answer> {
        let client = Client::builder().timeout(TIMEOUT).no_proxy().build()?;
        let mut request = client.request(self.method.clone(), &self.url);
        for (name, value) in self.headers {
            request = request.header(HeaderName::from_static(name), HeaderValue::from_str(value)?);
        }
        if let Some(token) = self.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(body) = self.body {
            request = request.json(body);
        }
        let response = request.send()?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text()?,
        })
    }
}

/// A string member of an object.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> Result<&'a str> {
    object
        .get(name)
        .and_then(Value::as_str)
        .with_context(|| format!("the answer has no {name}"))
}

/// A GET without a key.
pub(crate) fn get(url: String) -> Result<Answer> {
    Call {
        method: Method::GET,
        url,
        bearer: None,
        headers: &[],
        body: None,
    }
    .send()
}

/// A POST of JSON.
pub(crate) fn post(url: String, bearer: Option<&str>, body: Option<&Value>) -> Result<Answer> {
    Call {
        method: Method::POST,
        url,
        bearer,
        headers: &[],
        body,
    }
    .send()
}
