//! A call, from its arrival to its answer, on whatever route.

use std::future::pending;
use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::futures::Notified;
use tokio::time::sleep;

use crate::simulator::answer::prompt_tokens;
use crate::simulator::asked::{Asked, Body, InvalidRequest};
use crate::simulator::behaviour::Behaviour;
use crate::simulator::error_body::{ErrorBody, Known};
use crate::simulator::incoming::Incoming;
use crate::simulator::ledger::{Outcome, now_ms};
use crate::simulator::provider::REDIRECTED_PATH;
use crate::simulator::reply::{Background, Broken, Ending, Failure, Reply, Shape};
use crate::simulator::route::{AZURE_DEPLOYMENT, Format, Route, Vendor};
use crate::simulator::sending::Sender;
use crate::simulator::{
    anthropic, auth, azure, openai, piston, request, sending, stream, workers_ai,
};

/// How often a response that is asked for in the background is still under way.
const BACKGROUND_POLLS: u32 = 1;

/// Answers a call.
///
/// 1. The call is written down, so that it counts whatever becomes of it.
/// 2. The key is checked: 401. The request is read: 400, or 413 for a body that is too large.
/// 3. The model and the turn of the call decide the reply; some replies wait.
/// 4. The answer is written down, then sent. If the caller goes before, this future is dropped and
///    the call is written down as abandoned.
pub(crate) async fn answer(route: Route, incoming: Incoming) -> Response {
    let provider = &incoming.provider;
    let body = Body::new(incoming.bytes());
    let model = model_of(route, &incoming, &body);
    let mut known = Known {
        vendor: route.vendor,
        model,
        prompt_tokens: 0,
        sequence: provider.next_sequence(),
        credentials: incoming.credentials(),
    };
    // Made before the call is written down: who sees the call can release it.
    let released = provider.released.notified();
    let mut caller = incoming.caller(route, &known.model);
    if route.format == Format::Execute {
        caller.limits = piston::request::limits(&body);
    }
    let call = provider.ledger.begin(caller);
    let asked = match read(route, &incoming, &body, &known) {
        Ok(asked) => asked,
        Err(error) => {
            call.finish(Some(error.status().as_u16()), Outcome::Fault);
            return error.into_response(known.vendor, known.sequence);
        }
    };
    known.prompt_tokens = prompt_tokens(&asked.messages);
    let options = &provider.options;
    let behaviour = Behaviour::of_model(&known.model, route.vendor);
    let reply = behaviour.reply(call.turn, options.seed, options.fault_rate);
    let reply = in_this_format(reply, route.format, &asked);
    wait(reply, options.latency, released).await;
    let exchange = Exchange {
        route,
        asked: &asked,
        known: &known,
        incoming: &incoming,
    };
    let response = exchange.response(reply);
    let is_silent = matches!(reply, Reply::Broken(Broken::Drop | Broken::Close));
    let status = Some(response.status().as_u16()).filter(|_| !is_silent);
    call.finish(status, outcome(reply));
    response
}

/// The time of an answer, in Unix seconds.
pub(crate) fn created() -> u64 {
    now_ms() / 1_000
}

/// One call on its way to an answer.
pub(crate) struct Exchange<'a> {
    pub(crate) route: Route,
    pub(crate) asked: &'a Asked,
    pub(crate) known: &'a Known,
    pub(crate) incoming: &'a Incoming,
}

fn model_of(route: Route, incoming: &Incoming, body: &Body) -> String {
    if route.format == Format::Execute {
        return piston::request::model(body);
    }
    let in_path = incoming.named("deployment").or(incoming.named("model"));
    in_path.unwrap_or(body.model()).to_owned()
}

/// Checks the call, and reads what it asks for.
fn read(route: Route, incoming: &Incoming, body: &Body, known: &Known) -> Result<Asked, ErrorBody> {
    auth::check(incoming, known)?;
    if route.vendor == Vendor::Azure {
        azure::check_version(route, &incoming.query)
            .map_err(|failure| ErrorBody::of(failure, known))?;
    }
    if incoming.is_too_large() {
        let failure = route.vendor.of_status(StatusCode::PAYLOAD_TOO_LARGE, None);
        return Err(ErrorBody::of(failure, known));
    }
    if route.format == Format::Execute && !is_json(incoming) {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(ErrorBody::of(route.vendor.of_status(status, None), known));
    }
    let asked = match route.format {
        Format::Chat if route == AZURE_DEPLOYMENT => request::read(body, &known.model),
        Format::Chat => request::read(body, body.model()),
        Format::Responses => openai::responses_request::read(body),
        Format::Messages => anthropic::request::read(body),
        Format::Run => workers_ai::request::read(body, &known.model),
        Format::Execute => piston::request::read(body, &known.model),
    };
    asked.map_err(|invalid: InvalidRequest| known.invalid(&invalid))
}

fn is_json(incoming: &Incoming) -> bool {
    let media_type = incoming.header("content-type").unwrap_or_default();
    media_type.starts_with("application/json")
}

/// Only responses can be in the background; there, every whole answer can.
fn in_this_format(reply: Reply, format: Format, asked: &Asked) -> Reply {
    if let Reply::Completion(shape) = reply
        && asked.background
    {
        return Reply::Background(Background {
            polls: BACKGROUND_POLLS,
            ending: Ending::Whole(shape),
        });
    }
    if matches!(reply, Reply::Background(_)) && format != Format::Responses {
        return Reply::UnknownModel;
    }
    reply
}

fn outcome(reply: Reply) -> Outcome {
    if matches!(reply, Reply::Background(_)) {
        Outcome::Pending
    } else if reply.is_fault() {
        Outcome::Fault
    } else {
        Outcome::Answered
    }
}

/// Waits as long as the reply wants, which may be for ever.
async fn wait(reply: Reply, latency: Duration, released: Notified<'_>) {
    if let Reply::Slow(time) = reply {
        sleep(time).await;
    }
    if matches!(reply, Reply::Completion(_)) && !latency.is_zero() {
        sleep(latency).await;
    }
    if reply == Reply::Hold {
        released.await;
    }
    if reply == Reply::Hang {
        pending::<()>().await;
    }
}

impl Exchange<'_> {
    /// The response of a reply whose time has come.
    fn response(&self, reply: Reply) -> Response {
        let vendor = self.route.vendor;
        match reply {
            Reply::Completion(shape) => self.good(self.body(shape)),
            Reply::Slow(_) | Reply::Hold | Reply::Hang => self.good(self.body(Shape::Good)),
            Reply::KeepAlive(lines) => {
                sending::keep_alive(&self.sender(), lines, self.body(Shape::Good))
            }
            Reply::Status {
                status,
                retry_after,
            } => self.error(vendor.of_status(status, retry_after)),
            Reply::ContextTooLong => self.error(vendor.context_too_long()),
            Reply::QuotaExhausted => self.error(vendor.quota_exhausted()),
            Reply::UnknownModel => self.error(vendor.unknown_model()),
            Reply::Fail(failure) => self.error(failure),
            Reply::FailInGood(failure) => self.good(ErrorBody::of(failure, self.known).into_text()),
            Reply::ErrorInBody => {
                let error = ErrorBody::of(vendor.error_in_good_status(), self.known);
                self.good(error.into_text())
            }
            Reply::Verbatim(text) => self.good(text.to_owned()),
            Reply::FailedResponse { code, elsewhere } => self.failed(code, elsewhere),
            Reply::Background(background) => self.queued(background),
            Reply::Stream(events) => stream::response(self, events),
            Reply::Redirect { status, elsewhere } => self.redirect(status, elsewhere),
            Reply::Broken(broken) => {
                sending::broken(&self.sender(), broken, self.body(Shape::Good))
            }
        }
    }

    /// A whole answer of this shape.
    pub(crate) fn body(&self, shape: Shape) -> String {
        let (asked, sequence) = (self.asked, self.known.sequence);
        let created = created();
        let object = match self.route.format {
            Format::Chat => {
                let mut object = openai::chat::completion(asked, shape, sequence, created);
                if self.route.vendor == Vendor::Azure {
                    azure::annotate(&mut object, shape);
                }
                object
            }
            Format::Responses => self
                .draft()
                .object(openai::responses::Standing::Whole(shape)),
            Format::Messages => anthropic::message(asked, shape, sequence),
            Format::Run => workers_ai::run(asked, shape, sequence, created),
            Format::Execute => {
                let job = asked.job.as_ref();
                job.map(|job| job.result(shape)).unwrap_or_default()
            }
        };
        object.to_string()
    }

    pub(crate) fn sender(&self) -> Sender {
        Sender {
            vendor: self.route.vendor,
            sequence: self.known.sequence,
            cut: self.incoming.cut.clone(),
        }
    }

    fn good(&self, body: String) -> Response {
        self.sender().good(body)
    }

    fn error(&self, failure: Failure) -> Response {
        let error = ErrorBody::of(failure, self.known);
        error.into_response(self.known.vendor, self.known.sequence)
    }

    /// A redirect to a path that counts; elsewhere is the same path under another name of the host.
    fn redirect(&self, status: StatusCode, elsewhere: bool) -> Response {
        let host = self.incoming.header("host").unwrap_or_default();
        let location = match host.strip_prefix("127.0.0.1") {
            Some(port) if elsewhere => format!("http://localhost{port}{REDIRECTED_PATH}"),
            _ => REDIRECTED_PATH.to_owned(),
        };
        (status, [(header::LOCATION, location)]).into_response()
    }
}
