//! Providers: a request out, a reply in, and one decision about what the reply means.
//!
//! A provider's protocol is one small module: its `request` builds what is sent, its `reply` reads
//! what comes back. What a reply means for the job is not decided there but by [`classify()`], one
//! pure and total function driven by a table that is data.
//! Another provider is another protocol module, another variant of [`Provider`] and more rows.

mod answer;
mod anthropic;
mod ask;
mod azure;
pub mod capabilities;
mod classify;
mod error_body;
mod event_stream;
mod executor;
pub mod format;
mod headers;
mod hint;
mod lenient;
mod message;
pub mod openai_chat;
mod openai_responses;
mod outgoing;
mod piston;
pub mod redact;
pub(crate) mod run_code;
mod schema;
mod scrub;
mod settings;
mod subset;
mod table;
#[cfg(test)]
mod tests;
mod verdict;
mod wording;
pub mod workers_ai;

pub use crate::access::Secret;
pub use answer::{Answer, FinishReason, Usage};
pub use ask::{generate, go_on, poll};
pub use classify::classify;
pub use headers::{HeaderText, InvalidHeaderText, ReplyHeaders};
pub use schema::check_schema;
pub(crate) use settings::host_of;
pub use settings::{Misconfigured, ProviderSettings, Providers};
pub use verdict::{Action, Budget, CircuitSign, Failure, Fallback, Paused, Pending, Row, Verdict};

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The most bytes of a reply that are read: 4 MiB.
pub const MAX_REPLY_BYTES: usize = 4 * 1024 * 1024;

/// Whose rules a reply is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// OpenAI itself.
    OpenAi,
    /// OpenAI's models at Microsoft.
    AzureOpenAi,
    /// Anthropic.
    Anthropic,
    /// Cloudflare's Workers AI, over HTTP or by its binding.
    WorkersAi,
    /// Any other server that speaks OpenAI's interfaces.
    Compatible,
    /// Our own executor, which runs code and asks no model.
    Executor,
    /// A server that speaks version 2 of Piston's interface, which runs code.
    Piston,
}

impl Provider {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::OpenAi,
        Self::AzureOpenAi,
        Self::Anthropic,
        Self::WorkersAi,
        Self::Compatible,
        Self::Executor,
        Self::Piston,
    ];

    /// The kind as the configuration and the documentation write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::AzureOpenAi => "azure_openai",
            Self::Anthropic => "anthropic",
            Self::WorkersAi => "workers_ai",
            Self::Compatible => "openai_compatible",
            Self::Executor => "executor",
            Self::Piston => "piston",
        }
    }
}

/// Which of OpenAI's interfaces is spoken; all others have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// Chat completions, or the only one.
    #[default]
    Chat,
    /// Responses.
    Responses,
}

/// Where the replies of one provider differ from what others of its kind send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// Beginnings of the message with which it answers 400 while a model is loading (row 23).
    pub loading: Vec<String>,
    /// Codes with which its 429 says that the account is out of money (row 46).
    pub billing_codes: Vec<String>,
    /// Whether its 403 says that the context is too long (row 27).
    pub forbidden_means_context: bool,
    /// Whether an empty answer is asked for once more (row 7).
    pub retry_empty: bool,
}

/// How the replies of one provider are read.
#[derive(Clone, Copy, Debug)]
pub struct Dialect<'a> {
    /// Whose rules apply.
    pub provider: Provider,
    /// Which interface was spoken.
    pub api: Api,
    /// What is peculiar to this one.
    pub quirks: &'a Quirks,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An absolute URL.
    Url(String),
    /// A Worker of ours, by the service binding of this name, and the path there.
    Service {
        /// The binding.
        binding: &'static str,
        /// The path.
        path: &'static str,
    },
    /// A model of Workers AI, by the binding of this name. The body is its input.
    WorkersAi {
        /// The binding.
        binding: String,
        /// The model.
        model: String,
    },
}

/// How a request is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// With a body.
    #[default]
    Post,
    /// Without one.
    Get,
}

/// A request to a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderRequest {
    /// How it is made.
    pub method: Method,
    /// Where it goes.
    pub to: Destination,
    /// The header fields to send; a value may be a key.
    pub headers: Vec<(Cow<'static, str>, HeaderText)>,
    /// The body, JSON; it holds the prompt. Empty for [`Method::Get`].
    pub body: String,
}

/// Shows neither the header values, which may be keys, nor the body, which holds the prompt.
impl fmt::Debug for ProviderRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProviderRequest")
            .field("method", &self.method)
            .field("to", &self.to)
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
