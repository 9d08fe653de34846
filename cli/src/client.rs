//! Speaks to the server: one call, tried again where that is safe.

mod api_error;
mod call;
mod lines;
mod reply;

pub(crate) use api_error::{ApiError, fault};
pub(crate) use call::{Call, Prefer};
pub(crate) use lines::Lines;
pub(crate) use reply::Document;

use std::time::Duration;

use anyhow::Context as _;
use redrive_shared::entropy::Entropy as _;
use redrive_shared::retry::{Backoff, delay};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Response, Url};

use crate::console::Console;
use crate::entropy::SystemEntropy;
use crate::failure::Failure;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// A server that asks for more patience than this is told to the user instead.
const LONGEST_HINT: Duration = Duration::from_mins(5);
/// An upload may take this much longer for each of its bytes: 64 KiB a second.
const UPLOAD_BYTES_A_SECOND: u64 = 64 * 1024;

/// Somebody at a server, with a key or without.
pub(crate) struct Client<'c> {
    http: reqwest::Client,
    base: Url,
    key: Option<String>,
    /// How long the server may say nothing.
    silence: Duration,
    /// How often a call that is safe to repeat is sent again.
    retries: u32,
    console: &'c Console,
}

/// Why a try did not bring an answer that helps, and what may be done about it.
struct Miss {
    failure: Failure,
    /// Whether the server surely did nothing.
    untouched: bool,
}

impl<'c> Client<'c> {
    /// A client of the server at `base`.
    ///
    /// # Errors
    /// When this machine cannot make HTTP calls.
    pub(crate) fn new(
        base: Url,
        key: Option<String>,
        silence: Duration,
        retries: u32,
        console: &'c Console,
    ) -> Result<Self, Failure> {
        // Says no only when there is a provider already, which is this one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .user_agent(concat!("redrive/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            // A redirect is told, and not followed: the key is for this server only.
            .redirect(Policy::none())
            .build()
            .context("cannot set up HTTP")?;
        Ok(Self {
            http,
            base,
            key,
            silence,
            retries,
            console,
        })
    }

    /// The server's base URL.
    pub(crate) const fn base(&self) -> &Url {
        &self.base
    }

    /// The same client with more patience.
    pub(crate) fn with_retries(&self, retries: u32) -> Self {
        Self {
            http: self.http.clone(),
            base: self.base.clone(),
            key: self.key.clone(),
            silence: self.silence,
            retries,
            console: self.console,
        }
    }

    /// Sends a call and reads the answer to its end.
    ///
    /// # Errors
    /// When the server refuses, or gives no whole answer in all tries.
    pub(crate) async fn document(&self, call: &Call) -> Result<Document, Failure> {
        self.repeated(call, async |response| {
            Document::read(response, self.silence).await
        })
        .await
    }

    /// Sends a call and gives the lines of its answer as they come.
    ///
    /// # Errors
    /// When the server refuses, or gives no answer in all tries. A stream that breaks off later is
    /// not begun again here.
    pub(crate) async fn lines(&self, call: &Call) -> Result<Lines, Failure> {
        self.repeated(call, async |response| Ok(Lines::of(response, self.silence)))
            .await
    }

    /// Tries a call, and again where that is safe: when nothing was done by the server, or doing it
    /// twice is as good as once.
    async fn repeated<T>(
        &self,
        call: &Call,
        read: impl AsyncFn(Response) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut tries = 0;
        loop {
            let miss = match self.once(call).await {
                Ok(response) => match read(response).await {
                    Ok(read) => return Ok(read),
                    Err(failure) => Miss {
                        failure,
                        untouched: false,
                    },
                },
                Err(miss) => miss,
            };
            tries += 1;
            let is_safe = miss.untouched || call.repeatable;
            if !is_safe {
                return Err(miss.failure);
            }
            self.pause(miss.failure, tries).await?;
        }
    }

    /// Waits before another try, the `tries`-th failed one being over, and says so.
    ///
    /// # Errors
    /// The failure, when waiting does not help, or did not so often.
    pub(crate) async fn pause(&self, failure: Failure, tries: u32) -> Result<(), Failure> {
        let hint = failure.retry_after();
        let is_patient = hint.is_none_or(|hint| hint <= LONGEST_HINT);
        if !(is_patient && failure.may_pass() && tries <= self.retries) {
            return Err(failure);
        }
        let wait = delay(Backoff::Fast, tries, hint, SystemEntropy.unit());
        self.console.note(&format!(
            "{}; trying again in {:.1} s ({tries} of {})",
            brief(&failure),
            wait.as_secs_f64(),
            self.retries
        ));
        tokio::time::sleep(wait).await;
        Ok(())
    }

    async fn once(&self, call: &Call) -> Result<Response, Miss> {
        let request = call
            .request(&self.http, &self.base, self.key.as_deref())
            .await
            .map_err(|failure| Miss {
                failure,
                untouched: true,
            })?;
        let sent = tokio::time::timeout(self.allowance(call), request.send()).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                return Err(Miss {
                    untouched: error.is_connect(),
                    failure: self.unreachable(&error),
                });
            }
            Err(_) => {
                let silence = self.allowance(call).as_secs();
                let text = format!("{} said nothing for {silence} s", self.base);
                return Err(Miss {
                    failure: Failure::Unreachable(text),
                    untouched: false,
                });
            }
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let hint = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let error = ApiError::read(response, hint).await;
        Err(Miss {
            // Who is asked to slow down was not served.
            untouched: error.status == 429,
            failure: Failure::Api(Box::new(error)),
        })
    }

    /// How long the answer to a call may take to begin.
    fn allowance(&self, call: &Call) -> Duration {
        let upload = Duration::from_secs(call.body_bytes() / UPLOAD_BYTES_A_SECOND);
        self.silence + upload + call.held()
    }

    /// What an error of the connection means, in words of its innermost cause.
    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let host = &self.base;
        Failure::Unreachable(if error.is_connect() {
            format!("cannot reach {host}: {cause}")
        } else {
            format!("the connection to {host} broke off: {cause}")
        })
    }
}

/// A failure in a few words, before another try.
fn brief(failure: &Failure) -> String {
    match failure {
        Failure::Api(error) => match &error.code {
            Some(code) => format!("the server answered {} ({code})", error.status),
            None => format!("the server answered {}", error.status),
        },
        Failure::Usage(_)
        | Failure::Unreachable(_)
        | Failure::Failed(_)
        | Failure::Interrupted
        | Failure::Unread
        | Failure::Local(_) => failure.to_string(),
    }
}
