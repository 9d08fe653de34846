//! The state and the routes of a simulator.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use axum::{Json, Router};
use tokio::sync::Notify;

use crate::simulator::asked::Asked;
use crate::simulator::error_body::{Credentials, ErrorBody, Known};
use crate::simulator::incoming::{Incoming, kinds_of_auth};
use crate::simulator::ledger::Ledger;
use crate::simulator::openai::background::Desk;
use crate::simulator::openai::retrieve;
use crate::simulator::reply::Shape;
use crate::simulator::route::{self, Route, Vendor};
use crate::simulator::sending::Sender;
use crate::simulator::{Options, auth, control, customer, exchange, models, openai, piston};

/// The largest request body that is read, in bytes.
const LARGEST_BODY: usize = 32 * 1024 * 1024;
/// Where redirects lead.
pub(crate) const REDIRECTED_PATH: &str = "/v1/redirected";

/// What all calls share.
pub(crate) struct Provider {
    pub(crate) options: Options,
    pub(crate) ledger: Arc<Ledger>,
    /// What the calls of `sim-hold` wait for.
    pub(crate) released: Notify,
    /// The responses that are asked for again.
    pub(crate) desk: Desk,
    sequence: AtomicU64,
}

impl Provider {
    pub(crate) fn new(options: Options) -> Arc<Self> {
        Arc::new(Self {
            options,
            ledger: Arc::default(),
            released: Notify::new(),
            desk: Desk::default(),
            sequence: AtomicU64::new(1),
        })
    }

    /// A number that no other answer of this simulator has.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }
}

/// All routes.
pub(crate) fn router(provider: Arc<Provider>) -> Router {
    Router::new()
        .merge(vendors())
        .nest(customer::PATH, vendors())
        .route(REDIRECTED_PATH, any(redirected))
        .merge(control::routes())
        .fallback(async |method: Method, uri: Uri| unknown(StatusCode::NOT_FOUND, &method, &uri))
        .method_not_allowed_fallback(async |method: Method, uri: Uri| {
            unknown(StatusCode::METHOD_NOT_ALLOWED, &method, &uri)
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(provider)
}

/// The routes of the vendors.
fn vendors() -> Router<Arc<Provider>> {
    let accounts = "/client/v4/accounts/{account}/ai";
    Router::new()
        .route("/v1/chat/completions", calls(route::OPENAI_CHAT))
        .route("/v1/responses", calls(route::OPENAI_RESPONSES))
        .route("/v1/responses/{id}", polls(route::OPENAI_RETRIEVE))
        .route("/v1/messages", calls(route::ANTHROPIC_MESSAGES))
        .route(
            "/openai/deployments/{deployment}/chat/completions",
            calls(route::AZURE_DEPLOYMENT),
        )
        .route("/openai/v1/chat/completions", calls(route::AZURE_CHAT))
        .route("/openai/v1/responses", calls(route::AZURE_RESPONSES))
        .route("/openai/v1/responses/{id}", polls(route::AZURE_RETRIEVE))
        .route(
            &format!("{accounts}/run/{{*model}}"),
            calls(route::WORKERS_AI_RUN),
        )
        .route(
            &format!("{accounts}/v1/chat/completions"),
            calls(route::WORKERS_AI_CHAT),
        )
        .route("/api/v2/execute", calls(route::PISTON_EXECUTE))
        .route("/api/v2/runtimes", get(runtimes))
        .route("/v1/models", get(models::list))
}

fn calls(route: Route) -> MethodRouter<Arc<Provider>> {
    post(async move |incoming: Incoming| exchange::answer(route, incoming).await)
}

fn polls(route: Route) -> MethodRouter<Arc<Provider>> {
    get(async move |incoming: Incoming| retrieve::retrieve(route, &incoming))
}

/// `GET /api/v2/runtimes`. Answers 200, or 401 where a key is wanted and not given.
async fn runtimes(incoming: Incoming) -> Response {
    let known = Known {
        vendor: Vendor::Piston,
        model: String::new(),
        prompt_tokens: 0,
        sequence: incoming.provider.next_sequence(),
        credentials: Credentials::default(),
    };
    if let Err(error) = auth::check(&incoming, &known) {
        return error.into_response(known.vendor, known.sequence);
    }
    let sender = Sender {
        vendor: known.vendor,
        sequence: known.sequence,
        cut: incoming.cut,
    };
    sender.good(piston::runtimes::list().to_string())
}

/// Where redirects lead. Answers 200 whatever is asked, and counts it.
async fn redirected(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let with_key = !kinds_of_auth(&headers).is_empty();
    provider.ledger.redirect_followed(with_key);
    let sequence = provider.next_sequence();
    let asked = Asked {
        model: "sim-redirect".to_owned(),
        ..Asked::default()
    };
    let object = openai::chat::completion(&asked, Shape::Good, sequence, 0);
    Json(object).into_response()
}

/// 404 or 405: there is nothing at this path, or not for this method.
fn unknown(status: StatusCode, method: &Method, uri: &Uri) -> Response {
    let vendor = Vendor::of_path(customer::without_customer(uri.path()));
    let known = Known {
        vendor,
        model: String::new(),
        prompt_tokens: 0,
        sequence: 0,
        credentials: Credentials::default(),
    };
    let message = format!("Invalid URL ({method} {})", uri.path());
    let content = match vendor {
        Vendor::OpenAi => known.own_error("invalid_request_error", None, &message),
        Vendor::Azure => known.own_error("", Some("404"), "Resource not found"),
        Vendor::Anthropic => known.own_error("not_found_error", None, "Not Found"),
        Vendor::WorkersAi => {
            let message = format!(
                "Could not route to {}, perhaps your object identifier is invalid?",
                uri.path()
            );
            known.own_error("", Some("7003"), &message)
        }
        Vendor::Piston => known.own_error("", None, "Not Found"),
    };
    ErrorBody::json(status, &content).into_response(vendor, 0)
}
