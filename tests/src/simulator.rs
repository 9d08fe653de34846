//! A provider that speaks the wire formats of several vendors and misbehaves on request.
//!
//! It listens on a port of 127.0.0.1. Nothing is streamed, no model is asked and no code is run:
//! every answer is made up, and most say so.
//!
//! | route | vendor | key |
//! | --- | --- | --- |
//! | `POST /v1/chat/completions`, `POST /v1/responses`, `GET /v1/responses/{id}`, `GET /v1/models` | `OpenAI`, and those who follow it | `Authorization: Bearer`, where the simulator has a key |
//! | `POST /openai/deployments/{deployment}/chat/completions?api-version=YYYY-MM-DD` | Azure, classic; the deployment is the model | `api-key`, or `Authorization: Bearer` |
//! | `POST /openai/v1/chat/completions`, `POST /openai/v1/responses`, `GET /openai/v1/responses/{id}` | Azure, v1 | the same |
//! | `POST /v1/messages` | Anthropic | `x-api-key`, beside `anthropic-version` |
//! | `POST /client/v4/accounts/{account}/ai/run/{model}` | Workers AI | `Authorization: Bearer` |
//! | `POST /client/v4/accounts/{account}/ai/v1/chat/completions` | Workers AI in the format of `OpenAI` | the same |
//! | `POST /api/v2/execute`, `GET /api/v2/runtimes` | Piston | `Authorization: KEY`, where the simulator has a key |
//!
//! Under `/as/{customer}` all of these stand once more for each of [`Options::customers`]: a call there
//! must carry the customer's own key in the header of its vendor, and every other header that is
//! asked of it. A call that carries a secret of somebody else is refused, wherever it goes.
//!
//! Requests are read as strictly as each format asks for, so that a wrong one is refused here as it
//! would be there.
//!
//! # Models
//!
//! The name of the model decides what a call gets: `sim-<behaviour>[-<number>]`. A name that does
//! not begin with `sim-` gets a good answer, so that the names of real models work; an unknown
//! `sim-` name gets the vendor's own word for a model that does not exist. What follows an `@`
//! decides nothing: `sim-401@night` and `sim-401@day` are two models with one behaviour. A name that
//! begins with an `@`, as those of Workers AI do, is read from its last `/` on:
//! `@cf/redrive/sim-401@night`.
//!
//! Behind any name, `-then-ok-N` gives what the name says to the first N calls (1) of a job, and good
//! answers to the rest: `sim-row-36-then-ok-2`.
//!
//! Every row of the decision table of the provider semantics has a model: `sim-row-36` in the
//! vendor's plainest words, and `sim-row-36-billing_not_active` for one of its discriminators. A
//! discriminator that the vendor does not have gets the plainest words; a row that it does not have
//! is an unknown model. [`models()`] lists all of them with what they do, and so does
//! `provider-simulator --models`. The models `sim-echo-...` repeat the keys of the call in their errors,
//! which providers do, and which nobody may ever read.
//!
//! Where code is run there is no model: the source names it without its `sim-`, anywhere, as
//! `simulate: timeout` or `simulate: row-47-then-ok-2`. `simulate: print TEXT` prints the rest of its
//! line; a source that names none prints its standard input.
//!
//! # Jobs and chance
//!
//! A call belongs to the job that its header `X-Redrive-Job` names; calls without the header
//! belong together to a job called `-`. The first calls of a job are counted for each model by
//! itself, so that the second provider of a chain has first calls of its own.
//!
//! `sim-random` and `sim-chaos` are functions of the seed, of the order in which the jobs were first
//! seen, and of the number of the call in its job. The faults of `sim-random` are 429 (with
//! `Retry-After: 1`), 500, 502, 503, `sim-drop`, `sim-error200`, `sim-reset` and `sim-truncated`.
//! `sim-chaos` has those, and 503 with `Retry-After: 1`, 504, `sim-html200`, `sim-empty`, answers
//! after 300 milliseconds, and for one fault in a hundred `sim-hang`.
//!
//! The text of an answer is a function of the model and the messages. Tokens are counted simply:
//! one for every four characters of a text, rounded up; a prompt has the sum of its messages. The
//! token limit of a request cuts the answer by that count. Where JSON is asked for, the answer is a
//! JSON object, which fits the schema if there is one.
//!
//! A response with `background` is queued, in progress the first time it is asked for, and
//! completed the second time; the models `sim-row-16-...` end otherwise.
//!
//! # Control
//!
//! | control | does |
//! | --- | --- |
//! | `GET /health` | `{"status":"ok"}` |
//! | `GET /control/calls` | counts: `total`, `faults`, `abandoned`, `inFlight`, `redirectsFollowed`, `redirectsWithKey`, and `jobs` by id |
//! | `GET /control/calls/{job}` | every call of a job, the earliest first |
//! | `GET /control/log` | every call, the earliest first |
//! | `GET /control/answered` | how many good answers each job got, by id |
//! | `GET /control/models/{model}` | every call of a model, the earliest first |
//! | `GET /control/catalogue` | every model that can be asked for |
//! | `POST /control/release` | answers the calls of `sim-hold` that wait now |
//! | `POST /control/reset` | forgets every call; calls that are under way stay so, uncounted |
//!
//! A call is told with its `number` among all calls, `job`, `attempt`, `customer`, `vendor`, `route`,
//! `model`, `status`, `outcome` (`in_flight`, `answered`, `pending`, `fault`, `abandoned`), `query`, the
//! `headers` that matter, the `limits` that a program was given, and in `auth` the kinds of key it
//! carried: `bearer`, `authorization`, `api-key`, `x-api-key`. No key is kept.

mod answer;
mod anthropic;
mod asked;
mod auth;
mod azure;
mod behaviour;
mod call;
mod catalogue;
mod chance;
mod connection;
mod control;
mod customer;
mod error_body;
mod errors;
mod exchange;
mod failure;
mod hint;
mod incoming;
mod instant;
mod ledger;
mod models;
mod openai;
mod piston;
mod provider;
pub(crate) mod random;
mod reply;
mod request;
mod route;
mod schema;
mod sending;
mod stream;
mod workers_ai;

#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

pub(crate) use crate::simulator::behaviour::STORM_HINT_SECONDS;
pub use crate::simulator::catalogue::{Model, models};
pub use crate::simulator::customer::Customer;
pub(crate) use crate::simulator::ledger::now_ms;
pub use crate::simulator::route::Vendor;

use crate::simulator::connection::{Connections, Cut};
use crate::simulator::provider::Provider;

/// How a simulator is started.
#[derive(Clone)]
pub struct Options {
    /// The port of 127.0.0.1 to listen on; 0 takes a free one.
    pub port: u16,
    /// What the faults of `sim-random` and `sim-chaos` are drawn from.
    pub seed: u64,
    /// How long every good answer takes, unless its model has a time of its own.
    pub latency: Duration,
    /// The probability, from 0 to 1, that a call of `sim-random` or `sim-chaos` gets a fault.
    pub fault_rate: f64,
    /// The key that every call must carry in the header of its vendor; without one, the vendors that
    /// always want a key take any.
    pub require_key: Option<String>,
    /// Who else calls, each under a path and with keys of its own.
    pub customers: Vec<Customer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 0,
            latency: Duration::ZERO,
            fault_rate: 0.2,
            require_key: None,
            customers: Vec::new(),
        }
    }
}

/// A running simulator, on a thread of its own; dropping it closes every connection.
pub struct Simulator {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Starts a simulator. It listens when this returns.
    ///
    /// # Errors
    /// When the fault rate is not a probability, or when the port is taken: choose another.
    pub fn start(options: Options) -> anyhow::Result<Self> {
        anyhow::ensure!(
            (0.0..=1.0).contains(&options.fault_rate),
            "the fault rate must be from 0 to 1"
        );
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .with_context(|| format!("cannot listen on port {} of 127.0.0.1", options.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let router = provider::router(Provider::new(options));
        let connections = Connections::new(listener, &runtime)?;
        let thread = std::thread::Builder::new()
            .name("provider-simulator".to_owned())
            .spawn(move || serve_until(stopped, &runtime, connections, router))
            .context("cannot start the thread of the simulator")?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The base URL for a client of the `OpenAI` wire format: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The URL under which every vendor stands: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL under which every vendor stands for a customer: `http://127.0.0.1:PORT/as/NAME`.
    #[must_use]
    pub fn origin_of(&self, customer: &str) -> String {
        format!("http://{}/as/{customer}", self.address)
    }

    /// The URL under which the control routes stand: `http://127.0.0.1:PORT/control`.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("http://{}/control", self.address)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has told so on standard error, and is gone all the same.
            thread.join().ok();
        }
    }
}

/// Serves until the sender of `stopped` is gone. The runtime is dropped with the thread, and every
/// connection with it, however long its call would have waited.
fn serve_until(
    stopped: oneshot::Receiver<()>,
    runtime: &Runtime,
    connections: Connections,
    router: Router,
) {
    let service = router.into_make_service_with_connect_info::<Cut>();
    runtime.spawn(async move { axum::serve(connections, service).await });
    // Nothing is ever sent: the wait ends with the sender.
    runtime.block_on(stopped).ok();
}
