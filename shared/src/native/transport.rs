use super::lock;
use crate::provider::{ProviderReply, ProviderRequest, Transport, TransportError};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

/// A reply as a test writes it: status and body.
pub type Scripted = Result<(u16, String), TransportError>;

/// A provider that gives prepared replies, one a call, and keeps what it was asked.
#[derive(Debug, Default)]
pub struct ScriptedTransport {
    replies: Mutex<VecDeque<Scripted>>,
    requests: Mutex<Vec<ProviderRequest>>,
}

impl ScriptedTransport {
    /// A provider that gives `replies` in order, and is unreachable after the last.
    #[must_use]
    pub fn new(replies: impl IntoIterator<Item = Scripted>) -> Self {
        Self {
            replies: Mutex::new(replies.into_iter().collect()),
            requests: Mutex::default(),
        }
    }

    /// What it was asked so far, in order.
    pub fn requests(&self) -> Vec<ProviderRequest> {
        lock(&self.requests).clone()
    }
}

impl Transport for ScriptedTransport {
    async fn send(
        &self,
        request: &ProviderRequest,
        _timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        lock(&self.requests).push(request.clone());
        let reply = lock(&self.replies)
            .pop_front()
            .unwrap_or(Err(TransportError::Unreachable));
        let (status, body) = reply?;
        let headers = [("content-type", "application/json")].into_iter().collect();
        Ok(ProviderReply {
            status,
            headers,
            body: body.into_bytes(),
        })
    }
}
