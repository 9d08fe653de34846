//! A server that speaks as much of the API as the tests ask for, and keeps state: it makes one batch
//! of a request however often it is sent, and ends jobs as time goes by. Faults are laid in its way.

mod answers;
mod batches;
mod faults;
mod letters;
mod operators;
mod routes;

pub(crate) use faults::Fault;

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use batches::Batch;
use faults::Laid;
use letters::Letters;
use serde_json::Value;

/// A key of the tenant with every scope but `admin`.
pub(crate) const KEY: &str = "rd_live_tenant";
/// The deployment's own key.
pub(crate) const ADMIN_KEY: &str = "the-admin-key-of-the-deployment";

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) key: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) defaults: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    faults: Vec<Laid>,
    /// How many requests wait for ever.
    hanging: usize,
    /// Answers by route and name of the request, with the body they were for.
    named: Vec<(String, String, Vec<u8>, Value)>,
    jobs: Vec<Value>,
    batches: Vec<Batch>,
    letters: Letters,
    /// How far the clock of the server is ahead, in seconds.
    ahead_seconds: i64,
    /// What is not ready.
    unready: Option<(&'static str, &'static str)>,
    /// Whether `GET /api/v1/key` is there.
    is_old: bool,
    /// Jobs of a batch that end between two looks at it.
    pace: usize,
    /// Bytes of each answer in a batch.
    answer_bytes: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// A running server. It ends with the process.
pub(crate) struct Server {
    shared: Arc<Shared>,
    port: u16,
}

impl Server {
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared::default());
        shared.state().pace = 10;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let router = Router::new().fallback(routes::answer).with_state(state);
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { shared, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lays a fault in the way of one later request.
    pub(crate) fn lay(&self, method: &str, path: &str, skip: usize, fault: Fault) {
        let laid = Laid::new(method, path, skip, fault);
        self.shared.state().faults.push(laid);
    }

    /// Waits until a request hangs.
    pub(crate) fn wait_until_hanging(&self) {
        let state = self.shared.state();
        let limit = Duration::from_secs(30);
        let (state, waited) = self
            .shared
            .changed
            .wait_timeout_while(state, limit, |state| state.hanging == 0)
            .unwrap();
        assert!(!waited.timed_out(), "no request hangs: {:?}", state.seen);
    }

    /// Requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.state().seen.clone()
    }

    /// Requests so far that are not for `GET /api/v1/key`, as method and target.
    pub(crate) fn targets(&self) -> Vec<String> {
        let seen = self.seen();
        let told = seen.iter().filter(|seen| seen.target != "/api/v1/key");
        told.map(|seen| format!("{} {}", seen.method, seen.target))
            .collect()
    }

    /// Batches that were made.
    pub(crate) fn batches(&self) -> usize {
        self.shared.state().batches.len()
    }

    pub(crate) fn set_pace(&self, pace: usize) {
        self.shared.state().pace = pace;
    }

    pub(crate) fn set_answer_bytes(&self, bytes: usize) {
        self.shared.state().answer_bytes = bytes;
    }

    pub(crate) fn set_ahead(&self, seconds: i64) {
        self.shared.state().ahead_seconds = seconds;
    }

    pub(crate) fn set_unready(&self, part: &'static str, detail: &'static str) {
        self.shared.state().unready = Some((part, detail));
    }

    pub(crate) fn set_old(&self) {
        self.shared.state().is_old = true;
    }

    pub(crate) fn set_letters(&self, letters: usize) {
        self.shared.state().letters = Letters::new(letters);
    }

    pub(crate) fn letters(&self) -> usize {
        self.shared.state().letters.count()
    }
}
