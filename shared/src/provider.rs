//! AI providers: a request out, a reply in, and one decision about what the reply means.
//!
//! A provider's protocol is one module that builds the HTTP request and reads the HTTP reply
//! ([`openai_chat`] so far). What a reply means for the job is not decided there but by
//! [`classify()`], one pure and total function driven by a table that is data.
//! Another provider is another protocol module, another variant of [`Provider`] and more rows.

mod classify;
mod error_body;
mod headers;
mod hint;
mod lenient;
pub mod openai_chat;
pub mod redact;
mod settings;
mod table;
#[cfg(test)]
mod tests;
mod verdict;

pub use crate::access::Secret;
pub use classify::classify;
pub use headers::{HeaderText, InvalidHeaderText, ReplyHeaders};
pub use settings::{Misconfigured, ProviderSettings};
pub use verdict::{
    Action, Answer, Budget, CircuitSign, Failure, FinishReason, Row, Usage, Verdict,
};

use std::fmt;
use std::time::Duration;

/// The most bytes of a reply that are read: 4 MiB.
pub const MAX_REPLY_BYTES: usize = 4 * 1024 * 1024;

/// Whose rules a reply is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// OpenAI itself.
    OpenAi,
    /// Any other server that speaks OpenAI's chat completions.
    Compatible,
}

impl Provider {
    /// The name in the API, the log and the results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Compatible => "openai_compatible",
        }
    }
}

/// An HTTP `POST` to a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderRequest {
    /// The absolute URL.
    pub url: String,
    /// The header fields to send; a value may be a key.
    pub headers: Vec<(&'static str, HeaderText)>,
    /// The body, JSON; it holds the prompt.
    pub body: String,
}

/// Shows neither the header values, which may be keys, nor the body, which holds the prompt.
impl fmt::Debug for ProviderRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProviderRequest")
            .field("url", &self.url)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// A provider's whole HTTP reply.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderReply {
    /// The status code. Redirects are not followed, so it may be a 3xx.
    pub status: u16,
    /// The header fields.
    pub headers: ReplyHeaders,
    /// The body as it came, at most [`MAX_REPLY_BYTES`].
    pub body: Vec<u8>,
}

/// Shows how long the body is, not what it says.
impl fmt::Debug for ProviderReply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProviderReply")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Why a call brought no whole reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The total time of the call was over.
    #[error("the provider did not answer in time")]
    Timeout,
    /// No connection: the name does not resolve, the connection was refused or reset, TLS failed.
    #[error("the provider could not be reached")]
    Unreachable,
    /// The connection broke after the status line, or the body could not be decoded.
    #[error("the provider's reply broke off")]
    BodyInterrupted,
    /// The body is larger than [`MAX_REPLY_BYTES`].
    #[error("the provider's reply is larger than 4 MiB")]
    BodyTooLarge,
}

/// Carries requests to a provider. Two implementations: `reqwest` in the consumer, and a scripted
/// one in tests.
pub trait Transport {
    /// Sends `request` and reads the whole reply, of any status.
    ///
    /// `timeout` is for the call as a whole, from the first byte out to the last byte in: some
    /// providers send blank lines while they think, which would keep an idle timer from ending.
    /// Redirects are not followed, because the key would follow them.
    fn send(
        &self,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> impl Future<Output = Result<ProviderReply, TransportError>>;
}
