//! A provider that speaks the `OpenAI` chat wire format and misbehaves on request.
//!
//! It answers `POST /v1/chat/completions` (not streaming) and `GET /v1/models` on a port of
//! 127.0.0.1. The name of the model decides what a call gets: `sim-<behaviour>[-<number>]`. A name
//! that does not begin with `sim-` gets a good answer, so that the names of real models work; an
//! unknown `sim-` name gets 404 with the code `model_not_found`. What follows an `@` decides
//! nothing: `sim-401@night` and `sim-401@day` are two models with one behaviour.
//!
//! | model | what a call gets |
//! | --- | --- |
//! | `sim-ok` | a good answer |
//! | `sim-slow-N` | a good answer after N milliseconds (2000) |
//! | `sim-hold` | a good answer after the next `POST /control/release` |
//! | `sim-hang` | nothing, until the caller goes or the simulator stops |
//! | `sim-big-N` | a good answer with N KiB of text (256, at most 65536); no token limit cuts it |
//! | `sim-huge` | a good answer of more than 4 MiB; no token limit cuts it |
//! | `sim-length` | an answer cut short, with the finish reason `length` |
//! | `sim-nousage` | a good answer without `usage` |
//! | `sim-blank`, `sim-null` | the text `""`, no text |
//! | `sim-filter` | part of an answer, with the finish reason `content_filter` |
//! | `sim-refusal` | no text, but `message.refusal` |
//! | `sim-empty` | status 200 with no choices |
//! | `sim-error200` | status 200 with a top-level `error` of code 502, as `OpenRouter` answers |
//! | `sim-html200` | status 200 with a page of HTML |
//! | `sim-truncated` | JSON cut in the middle, under a `Content-Length` that fits what is sent |
//! | `sim-reset` | half of the announced body, then the connection is reset |
//! | `sim-drop` | a connection reset before any byte of an answer |
//! | `sim-redirect` | 302 to a path of the simulator that counts who follows |
//! | `sim-S-N` | the status S, 400 to 599, with `Retry-After: N` if N is given; 429 has N = 1 |
//! | `sim-context` | 400 with the code `context_length_exceeded` |
//! | `sim-quota` | 429 with the code `insufficient_quota` and no `Retry-After` |
//! | `sim-flaky-N` | 500 for the first N calls (1) of a job, then good answers |
//! | `sim-throttle-N` | 429 with `Retry-After: 1` for the first N calls (1) of a job, then good answers |
//! | `sim-429-once` | the same as `sim-throttle-1` |
//! | `sim-storm-N` | 429 with `Retry-After: 5` for N seconds (60) from the model's first call, then good answers |
//! | `sim-outage-N` | 503 for N seconds (60) from the model's first call, then good answers |
//! | `sim-random` | a good answer, or with the probability [`Options::fault_rate`] a fault that may pass |
//! | `sim-chaos` | the same with more kinds of fault, some of which take time |
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
//! one for every four characters of a text, rounded up; a prompt has the sum of its messages.
//! `max_tokens` and `max_completion_tokens` cut the answer by that count.
//!
//! | control | does |
//! | --- | --- |
//! | `GET /health` | `{"status":"ok"}` |
//! | `GET /control/calls` | counts: `total`, `faults`, `abandoned`, `inFlight`, `redirectsFollowed`, and `jobs` by id |
//! | `GET /control/calls/{job}` | every call of a job, the earliest first |
//! | `GET /control/answered` | how many good answers each job got, by id |
//! | `GET /control/models/{model}` | every call of a model, the earliest first |
//! | `POST /control/release` | answers the calls of `sim-hold` that wait now |
//! | `POST /control/reset` | forgets every call; calls that are under way stay so, uncounted |

mod answer;
mod behaviour;
mod chance;
mod chat;
mod connection;
mod control;
mod error_body;
mod ledger;
mod models;
mod provider;
pub(crate) mod random;
mod request;

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
pub(crate) use crate::simulator::ledger::now_ms;

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
    /// The key that every call must carry as `Authorization: Bearer KEY`; without one, no call
    /// needs a key.
    pub require_key: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 0,
            latency: Duration::ZERO,
            fault_rate: 0.2,
            require_key: None,
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
