//! The one decision: what a call to a provider came to.

use super::error_body::{ErrorBody, plain_word};
use super::event_stream::{self, Streamed};
use super::table::usual::implied_status;
use super::table::{self, Evidence, Finding, Mark, Outcome, Waits};
use super::{
    Action, Answer, Api, Budget, Dialect, Failure, Fallback, MAX_REPLY_BYTES, Paused, Pending,
    Provider, ProviderReply, Row, TransportError, Verdict, anthropic, executor, hint, lenient,
    openai_chat, openai_responses, piston, redact, workers_ai,
};
use crate::clock::Instant;
use serde_json::Value;
use std::time::Duration;

/// The status of a response that failed in its body, by which its own rows of the table are found.
const RESPONSE_STATUS: u16 = 200;

/// Where providers and networks put the name of a call, the provider's own first.
const REQUEST_ID_FIELDS: [&str; 5] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "cf-aig-log-id",
    "cf-ray",
];

/// What a call to a provider came to, and what to do about it.
///
/// Pure and total: no status, header or byte of the body makes it panic, and each leads to exactly
/// one row of the table. `now` is only compared with dates in header fields.
#[must_use]
pub fn classify(
    dialect: &Dialect<'_>,
    outcome: &Result<ProviderReply, TransportError>,
    now: Instant,
) -> Verdict {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(error) => {
            let (row, outcome) = table::failing(dialect.provider, Evidence::Transport(*error));
            return Verdict::Failed(failure(row, outcome));
        }
    };
    let call = Call {
        provider: dialect.provider,
        dialect,
        reply,
        now,
    };
    if (200..300).contains(&reply.status) {
        call.success()
    } else {
        let error = ErrorBody::of_failed_reply(&reply.body);
        Verdict::Failed(call.refusal(reply.status, &error))
    }
}

/// What a provider's protocol reads from the JSON of a successful reply.
pub(super) enum Reading {
    /// An error where the message should be.
    Error(ErrorBody),
    /// No message.
    NoMessage,
    /// A message, and what there is to say about it.
    Answer(Answer, Vec<Finding>),
    /// The provider's name of an answer that it works on.
    Pending(String),
    /// A turn that is not over: what to give back to go on with it, and what it came to so far.
    Paused(Value, Answer),
}

/// A call that brought a whole reply.
struct Call<'a> {
    provider: Provider,
    dialect: &'a Dialect<'a>,
    reply: &'a ProviderReply,
    now: Instant,
}

impl Call<'_> {
    /// A success is one only after these checks, in this order.
    fn success(&self) -> Verdict {
        let fits = self.reply.body.len() <= MAX_REPLY_BYTES;
        let Some(body) = fits.then(|| self.json()).flatten() else {
            return Verdict::Failed(self.no_json(fits));
        };
        let reading = match ErrorBody::within(&body) {
            Some(error) => Reading::Error(error),
            None => self.read(&body),
        };
        match reading {
            Reading::Error(error) => Verdict::Failed(self.error_inside(&error)),
            Reading::NoMessage => Verdict::Failed(self.found(Finding::NoMessage)),
            Reading::Answer(answer, findings) => self.answer(answer, &findings),
            Reading::Pending(response_id) => match table::polls(self.provider) {
                Some(seconds) => Verdict::Pending(Pending {
                    response_id,
                    poll_after: Duration::from_secs(seconds.into()),
                }),
                None => Verdict::Failed(self.found(Finding::NoMessage)),
            },
            Reading::Paused(content, mut answer) if table::goes_on(self.provider) => {
                answer.provider_request_id = self.request_id();
                Verdict::Paused(Box::new(Paused { content, answer }))
            }
            Reading::Paused(_, answer) => self.answer(answer, &[Finding::CutShort]),
        }
    }

    /// The JSON of the body. What a program gave may hold more values than any answer of a model.
    fn json(&self) -> Option<Value> {
        match self.provider {
            Provider::Executor => executor::json(&self.reply.body),
            Provider::OpenAi
            | Provider::AzureOpenAi
            | Provider::Anthropic
            | Provider::WorkersAi
            | Provider::Compatible
            | Provider::Piston => lenient::json(&self.reply.body),
        }
    }

    fn read(&self, body: &Value) -> Reading {
        match self.provider {
            Provider::OpenAi | Provider::AzureOpenAi | Provider::Compatible => {
                match self.dialect.api {
                    Api::Chat => openai_chat::answer(body),
                    Api::Responses => openai_responses::answer(body),
                }
            }
            Provider::Anthropic => anthropic::answer(body),
            Provider::WorkersAi => workers_ai::answer(body),
            Provider::Executor => executor::answer(body),
            Provider::Piston => piston::answer(body),
        }
    }

    /// Row 58, for what is a stream of events, and row 3.
    fn no_json(&self, fits: bool) -> Failure {
        let streamed = fits.then(|| event_stream::read(&self.reply.body)).flatten();
        match streamed {
            Some(Streamed::Error(error)) => self.error_inside(&error),
            Some(Streamed::Other) => self.found(Finding::EventStream),
            None => self.found(Finding::Unreadable),
        }
    }

    fn answer(&self, mut answer: Answer, findings: &[Finding]) -> Verdict {
        answer.provider_request_id = self.request_id();
        for finding in findings {
            let finding = self.wanted(*finding, findings);
            match table::mark(self.provider, finding) {
                Some(Mark::Warning(warning)) => answer.warnings.push(warning),
                Some(Mark::Truncated) => answer.truncated = true,
                None => return Verdict::Failed(self.stopped(finding, answer)),
            }
        }
        Verdict::Answered(answer)
    }

    /// An empty answer is asked for again where the configuration wants that, but for one that used
    /// up its tokens, which would do so again.
    fn wanted(&self, finding: Finding, all: &[Finding]) -> Finding {
        let cut = |finding: &Finding| matches!(finding, Finding::CutShort | Finding::ContextFull);
        let again = self.dialect.quirks.retry_empty && !all.iter().any(cut);
        if finding == Finding::EmptyOutput && again {
            Finding::EmptyUnwanted
        } else {
            finding
        }
    }

    /// A failure that an answer came with.
    fn stopped(&self, finding: Finding, answer: Answer) -> Failure {
        let mut failure = self.found(finding);
        if let Some(category) = &answer.stop_category {
            failure.message = format!("{} Its category is `{category}`.", failure.message);
        }
        Failure {
            // The body is the answer itself, which `partial` keeps whole.
            excerpt: None,
            partial: Some(Box::new(answer)),
            ..failure
        }
    }

    fn found(&self, finding: Finding) -> Failure {
        let (row, outcome) = table::failing(self.provider, Evidence::Finding(finding));
        self.failure(row, outcome)
    }

    /// Row 5: the table is read again for an error that came with a success.
    fn error_inside(&self, error: &ErrorBody) -> Failure {
        if !table::reenters(self.provider, Finding::ErrorInside) {
            return self.found(Finding::ErrorInside);
        }
        Failure {
            inside_success: true,
            ..self.refusal(self.status_inside(error), error)
        }
    }

    /// The status by which an error in a success is looked up. A response has rows of its own for
    /// that, by the status it came with.
    fn status_inside(&self, error: &ErrorBody) -> u16 {
        let own = Evidence::Status {
            status: RESPONSE_STATUS,
            error,
            quirks: self.dialect.quirks,
            hinted: false,
        };
        let has_row = self.dialect.api == Api::Responses
            && table::failing_if_known(self.provider, own).is_some();
        if has_row {
            RESPONSE_STATUS
        } else {
            implied_status(self.provider, error)
        }
    }

    fn refusal(&self, status: u16, error: &ErrorBody) -> Failure {
        let headers = &self.reply.headers;
        let after = hint::retry_after(headers, self.now);
        let evidence = Evidence::Status {
            status,
            error,
            quirks: self.dialect.quirks,
            hinted: after.is_some(),
        };
        let (row, outcome) = table::failing(self.provider, evidence);
        let mut failure = self.failure(row, outcome);
        let named_in_body = || error.request_id.as_deref().and_then(request_id);
        failure.provider_request_id = failure.provider_request_id.or_else(named_in_body);
        if let Some(named) = error.named() {
            failure.message = format!(
                "{} It answered HTTP {} with {named}.",
                failure.message, self.reply.status
            );
        }
        if failure.action != Action::Retry {
            return failure;
        }
        let hint = match outcome.waits {
            Waits::Hint => after,
            Waits::Reset => after.or_else(|| hint::reset(headers, self.now)),
            Waits::Midnight => Some(hint::until_midnight(self.now)),
        };
        if hint::forbids_retry(headers) {
            self.without_retry(self.failed_status(status, error), failure)
        } else {
            Failure { hint, ..failure }
        }
    }

    /// The status that a response which failed in its body would have failed with.
    fn failed_status(&self, status: u16, error: &ErrorBody) -> u16 {
        if status == RESPONSE_STATUS {
            implied_status(self.provider, error)
        } else {
            status
        }
    }

    /// Row 0: the provider has the last word on whether it wants to be asked again.
    fn without_retry(&self, status: u16, failure: Failure) -> Failure {
        match table::instead_of_retry(self.provider, status) {
            Some((action, circuit)) => Failure {
                retry_refused: true,
                action,
                fallback: Fallback::Now,
                budget: Budget::Failure,
                circuit,
                ..failure
            },
            None => failure,
        }
    }

    fn failure(&self, row: Row, outcome: Outcome) -> Failure {
        Failure {
            provider_status: Some(self.reply.status),
            provider_request_id: self.request_id(),
            excerpt: redact::excerpt(&self.reply.body),
            ..failure(row, outcome)
        }
    }

    /// The name that the provider, or the network in front of it, gave the call.
    fn request_id(&self) -> Option<String> {
        REQUEST_ID_FIELDS
            .iter()
            .find_map(|name| self.reply.headers.get(name))
            .and_then(request_id)
    }
}

/// A provider's name of a call, when it looks like one.
fn request_id(text: &str) -> Option<String> {
    let fits = (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

/// What the provider calls the reason to stop, when it is a plain word.
pub(super) fn category(value: Option<&Value>) -> Option<String> {
    lenient::text(value).and_then(plain_word).map(str::to_owned)
}

fn failure(row: Row, outcome: Outcome) -> Failure {
    Failure {
        row: Some(row),
        fallback: outcome.fallback,
        max_retries_of_kind: outcome.max_retries,
        budget: outcome.budget,
        circuit: outcome.circuit,
        backoff: outcome.backoff,
        possibly_billed: outcome.possibly_billed,
        ..Failure::ours(outcome.code, outcome.action, outcome.message)
    }
}
