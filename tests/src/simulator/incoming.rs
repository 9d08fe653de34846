//! A request as it came in.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path, Request};
use axum::http::{HeaderMap, StatusCode, header};

use crate::simulator::connection::Cut;
use crate::simulator::error_body::Credentials;
use crate::simulator::ledger::{Caller, NO_JOB};
use crate::simulator::provider::Provider;
use crate::simulator::route::Route;

/// The headers that are written down, beside those of the job.
const NOTED: [&str; 10] = [
    "accept",
    "anthropic-beta",
    "anthropic-version",
    "content-type",
    "idempotency-key",
    "openai-organization",
    "openai-project",
    "traceparent",
    "user-agent",
    "x-simulated-binding",
];

/// The headers in which keys are sent.
const KEYS: [&str; 4] = [
    "authorization",
    "api-key",
    "x-api-key",
    "cf-aig-authorization",
];

/// A request as it came in.
pub(crate) struct Incoming {
    pub(crate) provider: Arc<Provider>,
    pub(crate) headers: HeaderMap,
    pub(crate) query: String,
    /// What the path names, by the names of the route.
    pub(crate) named: HashMap<String, String>,
    pub(crate) cut: Cut,
    bytes: Result<Bytes, BytesRejection>,
}

impl FromRequest<Arc<Provider>> for Incoming {
    type Rejection = Infallible;

    async fn from_request(
        request: Request,
        provider: &Arc<Provider>,
    ) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let named = Path::from_request_parts(&mut parts, provider).await;
        let cut = ConnectInfo::from_request_parts(&mut parts, provider).await;
        let headers = parts.headers.clone();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let request = Request::from_parts(parts, body);
        Ok(Self {
            provider: Arc::clone(provider),
            headers,
            query,
            named: named.map(|Path(named)| named).unwrap_or_default(),
            cut: cut.map(|ConnectInfo(cut)| cut).unwrap_or_default(),
            bytes: Bytes::from_request(request, provider).await,
        })
    }
}

impl Incoming {
    /// The body, as far as it could be read.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }

    /// Whether the body is larger than the simulator reads.
    pub(crate) fn is_too_large(&self) -> bool {
        self.bytes
            .as_ref()
            .is_err_and(|rejection| rejection.status() == StatusCode::PAYLOAD_TOO_LARGE)
    }

    /// A header that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What it carries to say who makes the call.
    pub(crate) fn credentials(&self) -> Credentials {
        let given = KEYS
            .iter()
            .filter_map(|name| Some((name, self.header(name)?)));
        let headers: Vec<String> = given
            .clone()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let key = given
            .map(|(_, value)| value.strip_prefix("Bearer ").unwrap_or(value))
            .next();
        Credentials {
            key: key.unwrap_or_default().to_owned(),
            headers: headers.join("; "),
        }
    }

    /// What the path names so.
    pub(crate) fn named(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(String::as_str)
    }

    /// What the ledger writes down of the caller, who asks for this model.
    pub(crate) fn caller(&self, route: Route, model: &str) -> Caller {
        let attempt = self.header("x-redrive-attempt");
        Caller {
            job: self.header("x-redrive-job").unwrap_or(NO_JOB).to_owned(),
            attempt: attempt.and_then(|attempt| attempt.parse().ok()),
            customer: self.named("customer").map(str::to_owned),
            model: model.to_owned(),
            route,
            authorization: self.headers.contains_key(header::AUTHORIZATION),
            auth: kinds_of_auth(&self.headers),
            query: Some(self.query.clone()).filter(|query| !query.is_empty()),
            headers: NOTED
                .into_iter()
                .filter_map(|name| Some((name, self.header(name)?.to_owned())))
                .collect::<BTreeMap<_, _>>(),
            limits: BTreeMap::new(),
        }
    }
}

/// How a caller says who it is; never what it says.
pub(crate) fn kinds_of_auth(headers: &HeaderMap) -> Vec<&'static str> {
    let keys = ["api-key", "x-api-key"].into_iter();
    let keys = keys.filter(|name| headers.contains_key(*name));
    let authorization = headers.get(header::AUTHORIZATION).map(|value| {
        let is_bearer = value.as_bytes().starts_with(b"Bearer ");
        if is_bearer { "bearer" } else { "authorization" }
    });
    authorization.into_iter().chain(keys).collect()
}
