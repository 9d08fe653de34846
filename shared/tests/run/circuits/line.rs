//! A consumer that works through a queue in virtual time, and a provider whose state is a function
//! of that time.

use crate::bench::{Bench, delivered};
use redrive_shared::circuit::CircuitMemory;
use redrive_shared::clock::{Clock, Instant};
use redrive_shared::ids::JobId;
use redrive_shared::message::JobMessage;
use redrive_shared::provider::{ProviderReply, ProviderRequest, Transport, TransportError};
use redrive_shared::queue::Lane;
use redrive_shared::run::{Disposition, run_delivery};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

/// Messages of a delivery at most.
const TOGETHER: usize = 10;
/// What a delivery takes besides its calls.
const DELIVERY_MS: i64 = 20;
/// What each round of calls takes.
pub(crate) const CALL_MS: i64 = 25;
/// Calls of one round.
const ROUND: usize = 5;

/// A reply, as a provider at this instant gives it to this request.
pub(crate) type Answering = Box<dyn Fn(&Asked) -> Result<ProviderReply, TransportError>>;

/// What a provider was asked, and when.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) model: String,
    /// How many replies had been given before.
    pub(crate) replies_before: usize,
}

/// A provider that answers by the time. Calls that are made side by side are under way together.
pub(crate) struct Provider<'a> {
    bench: &'a Bench,
    answering: Answering,
    asked: Mutex<Vec<Asked>>,
    replied: Mutex<Vec<Instant>>,
}

impl<'a> Provider<'a> {
    pub(crate) fn new(
        bench: &'a Bench,
        answering: impl Fn(&Asked) -> Result<ProviderReply, TransportError> + 'static,
    ) -> Self {
        Self {
            bench,
            answering: Box::new(answering),
            asked: Mutex::default(),
            replied: Mutex::default(),
        }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("whole").clone()
    }

    /// When each reply was given, in order.
    pub(crate) fn replied(&self) -> Vec<Instant> {
        self.replied.lock().expect("whole").clone()
    }
}

impl Transport for Provider<'_> {
    async fn send(
        &self,
        request: &ProviderRequest,
        _timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let body: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
        let model = body.get("model").and_then(serde_json::Value::as_str);
        let asked = Asked {
            at: self.bench.ports.clock.now(),
            model: model.expect("named").to_owned(),
            replies_before: self.replied().len(),
        };
        self.asked.lock().expect("whole").push(asked.clone());
        tokio::task::yield_now().await;
        let reply = (self.answering)(&asked);
        let now = self.bench.ports.clock.now();
        self.replied.lock().expect("whole").push(now);
        reply
    }
}

/// A reply with this status, code and `Retry-After`.
pub(crate) fn reply(status: u16, code: &str, retry_after: Option<u32>) -> ProviderReply {
    let body = if status == 200 {
        serde_json::json!({
            "id": "chatcmpl-1", "object": "chat.completion", "model": "sim",
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": "fine"}}],
        })
    } else {
        serde_json::json!({"error": {"message": "no", "type": "x", "param": null, "code": code}})
    };
    let retry_after = retry_after.map(|seconds| ("retry-after", seconds.to_string()));
    ProviderReply {
        status,
        headers: retry_after.into_iter().collect(),
        body: body.to_string().into_bytes(),
    }
}

/// The messages of a queue, by when they are delivered; one consumer takes them in order.
#[derive(Default)]
pub(crate) struct Line {
    waiting: BTreeMap<(Instant, u64), (JobId, u32)>,
    sent: u64,
    /// What this consumer's isolate knows.
    pub(crate) circuits: CircuitMemory,
}

impl Line {
    pub(crate) fn send(&mut self, at: Instant, job: JobId) {
        self.put(at, job, 1);
    }

    fn put(&mut self, at: Instant, job: JobId, deliveries: u32) {
        self.sent += 1;
        self.waiting.insert((at, self.sent), (job, deliveries));
    }

    /// Works until nothing waits that comes before `end`; then it is `end`, or later by the last
    /// delivery.
    pub(crate) async fn work(&mut self, bench: &Bench, provider: &Provider<'_>, end: Instant) {
        let clock = &bench.ports.clock;
        while let Some((next, _)) = self.waiting.first_key_value().map(|(key, _)| *key)
            && next < end
        {
            clock.advance_millis(next.millis_since(clock.now()).max(0));
            self.deliver(bench, provider).await;
        }
        clock.advance_millis(end.millis_since(clock.now()).max(0));
    }

    /// Works until nothing waits, and answers when that is.
    pub(crate) async fn drain(&mut self, bench: &Bench, provider: &Provider<'_>) -> Instant {
        while let Some((next, _)) = self.waiting.first_key_value().map(|(key, _)| *key) {
            let clock = &bench.ports.clock;
            clock.advance_millis(next.millis_since(clock.now()).max(0));
            self.deliver(bench, provider).await;
        }
        bench.ports.clock.now()
    }

    async fn deliver(&mut self, bench: &Bench, provider: &Provider<'_>) {
        let now = bench.ports.clock.now();
        let mut taken = Vec::new();
        while taken.len() < TOGETHER
            && let Some(entry) = self.waiting.first_entry()
            && entry.key().0 <= now
        {
            taken.push(entry.remove());
        }
        let messages: Vec<_> = taken
            .iter()
            .map(|(job, deliveries)| {
                let message = JobMessage {
                    tenant_id: bench.tenant.clone(),
                    job_id: job.clone(),
                };
                delivered(Some(message.encode()), *deliveries)
            })
            .collect();
        let before = provider.asked().len();
        let (ports, settings) = (&bench.ports, &bench.settings);
        let dispositions = run_delivery(
            ports,
            provider,
            settings,
            &self.circuits,
            Lane::Single,
            &messages,
        )
        .await;
        let rounds = (provider.asked().len() - before).div_ceil(ROUND);
        let rounds = i64::try_from(rounds).expect("small");
        let clock = &bench.ports.clock;
        clock.advance_millis(DELIVERY_MS + CALL_MS * rounds);
        for ((job, deliveries), disposition) in taken.into_iter().zip(dispositions) {
            if let Disposition::Retry { delay_seconds } = disposition {
                let at = clock.now().plus_seconds(i64::from(delay_seconds));
                self.put(at, job, deliveries + 1);
            }
        }
        // What was sent anew carries no other delay than the one the job is due by.
        for body in bench.ports.jobs.take() {
            let job = JobMessage::decode(&body).expect("decodes").job_id;
            let due_at = bench.read(&job).await.due_at;
            self.put(due_at.unwrap_or(clock.now()), job, 1);
        }
    }
}
