//! `POST /v1/chat/completions`.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::{StreamExt, stream};
use tokio::sync::futures::Notified;
use tokio::time::sleep;

use crate::simulator::answer::{completion, prompt_tokens};
use crate::simulator::behaviour::{Behaviour, Reply, Shape};
use crate::simulator::connection::Cut;
use crate::simulator::error_body::{self, ErrorBody};
use crate::simulator::ledger::{Caller, NO_JOB, now_ms};
use crate::simulator::provider::{Provider, REDIRECTED_PATH, X_REQUEST_ID, request_id};
use crate::simulator::request::{self, ChatRequest};

/// How long the first half of an answer has to reach the caller before `sim-reset` resets.
const RESET_AFTER: Duration = Duration::from_millis(20);

/// One call on its way to an answer.
struct Exchange<'a> {
    request: &'a ChatRequest,
    cut: Cut,
    sequence: u64,
}

/// `POST /v1/chat/completions`.
///
/// 1. The call is written down, so that it counts whatever becomes of it.
/// 2. The key is checked: 401. The request is read: 400, or 413 for a body that is too large.
/// 3. The model and the turn of the call decide the reply; some replies wait.
/// 4. The answer is written down, then sent. If the caller goes before, this future is dropped and
///    the call is written down as abandoned.
pub(crate) async fn complete(
    State(provider): State<Arc<Provider>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Response {
    let sequence = provider.next_sequence();
    let body = request::Body::new(bytes.as_deref().unwrap_or_default());
    // Made before the call is written down: who sees the call can release it.
    let released = provider.released.notified();
    let call = provider.ledger.begin(caller(&headers, body.model()));
    let request = match provider
        .check_key(&headers)
        .and_then(|()| read(&bytes, &body))
    {
        Ok(request) => request,
        Err(error) => {
            call.finish(Some(error.status().as_u16()), true);
            return error.into_response(&request_id(sequence));
        }
    };
    let options = &provider.options;
    let reply =
        Behaviour::of_model(&request.model).reply(call.turn, options.seed, options.fault_rate);
    wait(reply, options.latency, released).await;
    let exchange = Exchange {
        request: &request,
        cut,
        sequence,
    };
    let response = exchange.response(reply);
    let status = Some(response.status().as_u16()).filter(|_| reply != Reply::Drop);
    call.finish(status, reply.is_fault());
    response
}

/// Where `sim-redirect` leads. Answers 200 like a good call, and counts it.
pub(crate) async fn redirected(State(provider): State<Arc<Provider>>) -> Response {
    provider.ledger.redirect_followed();
    let request = ChatRequest {
        model: "sim-redirect".to_owned(),
        messages: Vec::new(),
        max_tokens: None,
        json: false,
    };
    let exchange = Exchange {
        request: &request,
        cut: Cut::default(),
        sequence: provider.next_sequence(),
    };
    exchange.response(Reply::Completion(Shape::Good))
}

fn caller(headers: &HeaderMap, model: &str) -> Caller {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Caller {
        job: text("x-redrive-job").unwrap_or(NO_JOB).to_owned(),
        attempt: text("x-redrive-attempt").and_then(|attempt| attempt.parse().ok()),
        model: model.to_owned(),
        authorization: headers.contains_key(header::AUTHORIZATION),
    }
}

fn read(
    bytes: &Result<Bytes, BytesRejection>,
    body: &request::Body,
) -> Result<ChatRequest, ErrorBody> {
    let too_large =
        |rejection: &BytesRejection| rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
    if bytes.as_ref().is_err_and(too_large) {
        return Err(ErrorBody::body_too_large());
    }
    body.read()
        .map_err(|invalid| ErrorBody::invalid_request(&invalid))
}

/// Waits as long as the reply wants, which may be for ever.
async fn wait(reply: Reply, latency: Duration, released: Notified<'_>) {
    match reply {
        Reply::Completion(_) if latency.is_zero() => {}
        Reply::Completion(_) => sleep(latency).await,
        Reply::Slow(time) => sleep(time).await,
        Reply::Hold => released.await,
        Reply::Hang => pending().await,
        Reply::Status { .. }
        | Reply::ContextTooLong
        | Reply::QuotaExhausted
        | Reply::UnknownModel
        | Reply::Redirect
        | Reply::Truncated
        | Reply::Reset
        | Reply::Drop
        | Reply::Html
        | Reply::ErrorInBody => {}
    }
}

impl Exchange<'_> {
    /// The response of a reply whose time has come.
    fn response(&self, reply: Reply) -> Response {
        let request = self.request;
        match reply {
            Reply::Completion(shape) => self.good(self.completion(shape)),
            Reply::Slow(_) | Reply::Hold | Reply::Hang => self.good(self.completion(Shape::Good)),
            Reply::Status {
                status,
                retry_after,
            } => self.error(ErrorBody::of_status(status, &request.model, retry_after)),
            Reply::ContextTooLong => self.error(ErrorBody::context_too_long(prompt_tokens(
                &request.messages,
            ))),
            Reply::QuotaExhausted => self.error(ErrorBody::quota_exhausted()),
            Reply::UnknownModel => self.error(ErrorBody::unknown_model(&request.model)),
            Reply::Redirect => {
                (StatusCode::FOUND, [(header::LOCATION, REDIRECTED_PATH)]).into_response()
            }
            Reply::Truncated => self.good(first_half(&self.completion(Shape::Good))),
            Reply::Reset => self.reset(&self.completion(Shape::Good)),
            Reply::Drop => {
                self.cut.cut();
                StatusCode::OK.into_response()
            }
            Reply::Html => Html(error_body::page(StatusCode::OK)).into_response(),
            Reply::ErrorInBody => self.good(error_body::in_a_good_status().to_string()),
        }
    }

    fn completion(&self, shape: Shape) -> Bytes {
        let created = now_ms() / 1_000;
        let object = completion(self.request, shape, self.sequence, created);
        object.to_string().into()
    }

    /// Status 200 with this body, which is JSON or claims to be.
    fn good(&self, body: impl Into<Body>) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (X_REQUEST_ID, &request_id(self.sequence)),
        ];
        (headers, body.into()).into_response()
    }

    fn error(&self, error: ErrorBody) -> Response {
        error.into_response(&request_id(self.sequence))
    }

    /// Announces the whole body, sends the first half of it, and cuts the connection.
    fn reset(&self, whole: &Bytes) -> Response {
        let half = first_half(whole);
        let cut = self.cut.clone();
        let sent = stream::once(async move { Ok(half) });
        let lost = stream::once(async move {
            sleep(RESET_AFTER).await;
            cut.cut();
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        });
        let mut response = self.good(Body::from_stream(sent.chain(lost)));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, whole.len().into());
        response
    }
}

fn first_half(bytes: &Bytes) -> Bytes {
    bytes.slice(..bytes.len() / 2)
}
