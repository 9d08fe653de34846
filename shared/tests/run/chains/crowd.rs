//! Several providers that say what a test wrote down.

use crate::bench::Bench;
use redrive_shared::native::ManualClock;
use redrive_shared::provider::{
    Destination, ProviderReply, ProviderRequest, Transport, TransportError,
};
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

/// What a provider says to one call.
pub(super) enum Says {
    Answer(&'static str),
    Status(u16, &'static str),
    StatusFor(u16, &'static str, &'static str),
    Filtered(&'static str),
    Declined(&'static str),
    /// Nothing, until the time of the call is over.
    Nothing,
}

/// Several providers, told apart by their hosts, and a clock that their silence moves.
pub(super) struct Crowd<'a> {
    clock: &'a ManualClock,
    scripts: Mutex<BTreeMap<&'static str, VecDeque<Says>>>,
    asked: Mutex<Vec<String>>,
}

impl<'a> Crowd<'a> {
    pub(super) fn new(bench: &'a Bench) -> Self {
        Self {
            clock: &bench.ports.clock,
            scripts: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    pub(super) fn says(self, provider: &'static str, says: impl IntoIterator<Item = Says>) -> Self {
        let mut scripts = self.scripts.lock().expect("no panic before");
        scripts.entry(provider).or_default().extend(says);
        drop(scripts);
        self
    }

    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("no panic before"))
    }
}

fn reply(status: u16, headers: &[(&str, &str)], body: &serde_json::Value) -> ProviderReply {
    let json = [("content-type", "application/json")];
    ProviderReply {
        status,
        headers: json.iter().chain(headers).copied().collect(),
        body: body.to_string().into_bytes(),
    }
}

fn completion(text: &str, finish: &str, refusal: Option<&str>) -> serde_json::Value {
    json!({
        "model": "m-2026", "choices": [{"finish_reason": finish,
            "message": {"role": "assistant", "content": text, "refusal": refusal}}],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100},
    })
}

impl Transport for Crowd<'_> {
    async fn send(
        &self,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let host = match &request.to {
            Destination::Url(url) => url.split('/').nth(2),
            Destination::Service { .. } | Destination::WorkersAi { .. } => None,
        };
        let host = host.expect("a host").to_owned();
        self.asked
            .lock()
            .expect("no panic before")
            .push(host.clone());
        let mut scripts = self.scripts.lock().expect("no panic before");
        let script = scripts.get_mut(host.as_str());
        let says = script.and_then(VecDeque::pop_front).expect(&host);
        let error = |status, headers: &[(&str, &str)], code: &str| {
            let body =
                json!({"error": {"message": "no", "type": code, "param": null, "code": code}});
            Ok(reply(status, headers, &body))
        };
        match says {
            Says::Answer(text) => Ok(reply(200, &[], &completion(text, "stop", None))),
            Says::Filtered(text) => Ok(reply(200, &[], &completion(text, "content_filter", None))),
            Says::Declined(text) => Ok(reply(200, &[], &completion("", "stop", Some(text)))),
            Says::Status(status, code) => error(status, &[], code),
            Says::StatusFor(status, code, seconds) => {
                error(status, &[("retry-after", seconds)], code)
            }
            Says::Nothing => {
                let millis = i64::try_from(timeout.as_millis()).expect("a short time");
                self.clock.advance_millis(millis);
                Err(TransportError::Timeout)
            }
        }
    }
}
