use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method, RequestBuilder, Url};
use serde::Serialize;
use tokio_util::io::ReaderStream;

use crate::entropy::new_idempotency_key;
use crate::failure::Failure;

/// Bytes of a file that are in memory at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// How long the server is asked to hold its answer until a job has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Prefer {
    /// Not at all.
    #[default]
    AtOnce,
    /// As long as it does: 25 seconds.
    WhenEnded,
}

impl Prefer {
    const fn seconds(self) -> u64 {
        match self {
            Self::AtOnce => 0,
            Self::WhenEnded => 25,
        }
    }
}

/// What a call carries.
#[derive(Clone, Debug, Default)]
enum Payload {
    #[default]
    Nothing,
    Json(Vec<u8>),
    /// A file of JSON Lines, sent from disk.
    File {
        path: PathBuf,
        bytes: u64,
    },
}

/// One call, to be sent once or more often.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    path: Vec<String>,
    query: Vec<(String, String)>,
    payload: Payload,
    idempotency_key: Option<String>,
    /// `Redrive-Defaults`: fields of lines that do not say them.
    defaults: Option<String>,
    prefer: Prefer,
    with_key: bool,
    /// Whether sending it twice is as good as once.
    pub(crate) repeatable: bool,
}

impl Call {
    fn new<'p>(method: Method, path: impl IntoIterator<Item = &'p str>, repeatable: bool) -> Self {
        Self {
            method,
            path: path.into_iter().map(str::to_owned).collect(),
            query: Vec::new(),
            payload: Payload::Nothing,
            idempotency_key: None,
            defaults: None,
            prefer: Prefer::AtOnce,
            with_key: true,
            repeatable,
        }
    }

    /// Reads; `path` is what follows `/api/v1`, part by part.
    pub(crate) fn get<'p>(path: impl IntoIterator<Item = &'p str>) -> Self {
        Self::new(Method::GET, ["api", "v1"].into_iter().chain(path), true)
    }

    /// Reads what is open to everybody, without the key; `path` is whole.
    pub(crate) fn get_public<'p>(path: impl IntoIterator<Item = &'p str>) -> Self {
        Self {
            with_key: false,
            ..Self::new(Method::GET, path, true)
        }
    }

    /// Makes something: with a key by which the server knows the request again.
    pub(crate) fn create<'p>(path: impl IntoIterator<Item = &'p str>) -> Self {
        Self {
            idempotency_key: Some(new_idempotency_key()),
            repeatable: true,
            ..Self::post(path)
        }
    }

    /// Changes something, on a route that knows no key for it: a try whose answer was lost is not
    /// sent again, unless [`Self::same_twice`] says so.
    pub(crate) fn post<'p>(path: impl IntoIterator<Item = &'p str>) -> Self {
        Self::new(Method::POST, ["api", "v1"].into_iter().chain(path), false)
    }

    /// Deletes something; as [`Self::post`].
    pub(crate) fn delete<'p>(path: impl IntoIterator<Item = &'p str>) -> Self {
        Self::new(Method::DELETE, ["api", "v1"].into_iter().chain(path), false)
    }

    /// Says that the route does the same however often it is asked.
    pub(crate) fn same_twice(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Names the request by this key instead of a new one.
    pub(crate) fn idempotency_key(mut self, key: Option<String>) -> Self {
        self.idempotency_key = key.or(self.idempotency_key);
        self
    }

    /// Gives the lines of a batch fields that they do not say, as a JSON object in ASCII.
    pub(crate) fn defaults(mut self, defaults: Option<String>) -> Self {
        self.defaults = defaults;
        self
    }

    /// Adds a parameter, if it has a value.
    pub(crate) fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        let pair = value.map(|value| (name.to_owned(), value.to_string()));
        self.query.extend(pair);
        self
    }

    /// Adds parameters.
    pub(crate) fn queries<N: Into<String>, V: Into<String>>(
        mut self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let pairs = pairs.into_iter();
        self.query
            .extend(pairs.map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Carries a JSON body.
    ///
    /// # Errors
    /// When the value has no JSON, which is a fault of ours.
    pub(crate) fn json(mut self, value: &impl Serialize) -> Result<Self, Failure> {
        let text = serde_json::to_vec(value).context("cannot write the request")?;
        self.payload = Payload::Json(text);
        Ok(self)
    }

    /// Carries the first `bytes` bytes of a file, line by line.
    pub(crate) fn file(mut self, path: PathBuf, bytes: u64) -> Self {
        self.payload = Payload::File { path, bytes };
        self
    }

    /// Asks to hold the answer.
    pub(crate) fn prefer(mut self, prefer: Prefer) -> Self {
        self.prefer = prefer;
        self
    }

    /// How long the server was asked to hold its answer.
    pub(super) fn held(&self) -> Duration {
        Duration::from_secs(self.prefer.seconds())
    }

    /// Bytes to be sent.
    pub(super) fn body_bytes(&self) -> u64 {
        match &self.payload {
            Payload::Nothing | Payload::Json(_) => 0,
            Payload::File { bytes, .. } => *bytes,
        }
    }

    /// The call as a request of its own.
    pub(super) async fn request(
        &self,
        http: &reqwest::Client,
        base: &Url,
        key: Option<&str>,
    ) -> Result<RequestBuilder, Failure> {
        let mut url = base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(&self.path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut request = http.request(self.method.clone(), url);
        if let Some(key) = key.filter(|_| self.with_key) {
            let mut bearer = HeaderValue::try_from(format!("Bearer {key}"))
                .map_err(|error| Failure::Usage(format!("the API key is none: {error}")))?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        if let Some(key) = &self.idempotency_key {
            request = request.header("Idempotency-Key", format!("\"{key}\""));
        }
        if let Some(defaults) = &self.defaults {
            request = request.header("Redrive-Defaults", defaults);
        }
        if self.prefer != Prefer::AtOnce {
            request = request.header("Prefer", format!("wait={}", self.prefer.seconds()));
        }
        self.with_body(request).await
    }

    async fn with_body(&self, request: RequestBuilder) -> Result<RequestBuilder, Failure> {
        match &self.payload {
            Payload::Nothing => Ok(request),
            Payload::Json(text) => Ok(request
                .header(CONTENT_TYPE, "application/json")
                .body(text.clone())),
            Payload::File { path, bytes } => {
                use tokio::io::AsyncReadExt as _;
                let file = tokio::fs::File::open(path)
                    .await
                    .with_context(|| format!("cannot read {}", path.display()))?;
                let chunks = ReaderStream::with_capacity(file.take(*bytes), CHUNK_BYTES);
                Ok(request
                    .header(CONTENT_TYPE, "application/x-ndjson")
                    .header(CONTENT_LENGTH, *bytes)
                    .body(Body::wrap_stream(chunks)))
            }
        }
    }
}
