//! The state and the routes of a simulator.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{any, get, post};
use tokio::sync::Notify;

use crate::simulator::error_body::ErrorBody;
use crate::simulator::ledger::Ledger;
use crate::simulator::{Options, chat, control, models};

/// The largest request body that is read, in bytes.
const LARGEST_BODY: usize = 32 * 1024 * 1024;
/// Where `sim-redirect` sends its callers.
pub(crate) const REDIRECTED_PATH: &str = "/v1/redirected";
/// The header in which the provider names its answer.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What all calls share.
pub(crate) struct Provider {
    pub(crate) options: Options,
    pub(crate) ledger: Arc<Ledger>,
    /// What the calls of `sim-hold` wait for.
    pub(crate) released: Notify,
    sequence: AtomicU64,
}

impl Provider {
    pub(crate) fn new(options: Options) -> Arc<Self> {
        Arc::new(Self {
            options,
            ledger: Arc::default(),
            released: Notify::new(),
            sequence: AtomicU64::new(1),
        })
    }

    /// A number that no other answer of this simulator has.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// Checks the key of a call.
    pub(crate) fn check_key(&self, headers: &HeaderMap) -> Result<(), ErrorBody> {
        let Some(required) = &self.options.require_key else {
            return Ok(());
        };
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        if given == Some(required) {
            Ok(())
        } else {
            Err(ErrorBody::unauthorized(given))
        }
    }
}

/// The id of an answer.
pub(crate) fn request_id(sequence: u64) -> String {
    format!("req_{sequence:032x}")
}

/// All routes.
pub(crate) fn router(provider: Arc<Provider>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/models", get(models::list))
        .route(REDIRECTED_PATH, any(chat::redirected))
        .route("/health", get(control::health))
        .route("/control/calls", get(control::counts))
        .route("/control/calls/{job}", get(control::calls))
        .route("/control/answered", get(control::answered))
        .route("/control/models/{model}", get(control::calls_of_model))
        .route("/control/release", post(control::release))
        .route("/control/reset", post(control::reset))
        .fallback(async |method: Method, uri: Uri| unknown(StatusCode::NOT_FOUND, &method, &uri))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            unknown(StatusCode::METHOD_NOT_ALLOWED, &method, &uri)
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(provider)
}

fn unknown(status: StatusCode, method: &Method, uri: &Uri) -> Response {
    let error = ErrorBody::unknown_path(status, method.as_str(), uri.path());
    error.into_response(&request_id(0))
}
