//! The one decision: what a call to a provider came to.

use super::error_body::ErrorBody;
use super::table::{self, Evidence, Finding, Mark, Outcome};
use super::{
    Action, Answer, Budget, Dialect, Failure, MAX_REPLY_BYTES, Provider, ProviderReply, Row,
    TransportError, Verdict, executor, hint, lenient, openai_chat, piston, redact,
};
use crate::clock::Instant;
use serde_json::Value;

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
    let provider = dialect.provider;
    let reply = match outcome {
        Ok(reply) => reply,
        Err(error) => {
            let (row, outcome) = table::failing(provider, Evidence::Transport(*error));
            return Verdict::Failed(failure(row, outcome));
        }
    };
    let call = Call {
        provider,
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
}

/// A call that brought a whole reply.
struct Call<'a> {
    provider: Provider,
    reply: &'a ProviderReply,
    now: Instant,
}

impl Call<'_> {
    /// A success is one only after these checks, in this order.
    fn success(&self) -> Verdict {
        let fits = self.reply.body.len() <= MAX_REPLY_BYTES;
        let Some(body) = fits.then(|| self.json()).flatten() else {
            return Verdict::Failed(self.found(Finding::Unreadable));
        };
        let reading = match ErrorBody::within(&body) {
            Some(error) => Reading::Error(error),
            None => self.read(&body),
        };
        match reading {
            Reading::Error(error) => Verdict::Failed(self.error_inside(&error)),
            Reading::NoMessage => Verdict::Failed(self.found(Finding::NoMessage)),
            Reading::Answer(answer, findings) => self.answer(answer, &findings),
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
            Provider::OpenAi
            | Provider::AzureOpenAi
            | Provider::Anthropic
            | Provider::WorkersAi
            | Provider::Compatible => openai_chat::answer(body),
            Provider::Executor => executor::answer(body),
            Provider::Piston => piston::answer(body),
        }
    }

    fn answer(&self, mut answer: Answer, findings: &[Finding]) -> Verdict {
        answer.provider_request_id = self.request_id();
        for finding in findings {
            match table::mark(self.provider, *finding) {
                Some(Mark::Warning(warning)) => answer.warnings.push(warning),
                Some(Mark::Truncated) => answer.truncated = true,
                None => {
                    return Verdict::Failed(Failure {
                        // The body is the answer itself, which `partial` keeps whole.
                        excerpt: None,
                        partial: Some(Box::new(answer)),
                        ..self.found(*finding)
                    });
                }
            }
        }
        Verdict::Answered(answer)
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
            ..self.refusal(table::implied_status(error), error)
        }
    }

    fn refusal(&self, status: u16, error: &ErrorBody) -> Failure {
        let headers = &self.reply.headers;
        let after = hint::retry_after(headers, self.now);
        let named = error.named();
        let evidence = Evidence::Status {
            status,
            error,
            hinted: after.is_some(),
        };
        let (row, outcome) = table::failing(self.provider, evidence);
        let mut failure = self.failure(row, outcome);
        if let Some(named) = named {
            failure.message = format!(
                "{} It answered HTTP {} with {named}.",
                failure.message, self.reply.status
            );
        }
        if failure.action != Action::Retry {
            return failure;
        }
        let reset = || {
            outcome
                .waits_for_reset
                .then(|| hint::reset(headers))
                .flatten()
        };
        let hint = after.or_else(reset);
        if hint::forbids_retry(headers) {
            self.without_retry(status, failure)
        } else {
            Failure { hint, ..failure }
        }
    }

    /// Row 0: the provider has the last word on whether it wants to be asked again.
    fn without_retry(&self, status: u16, failure: Failure) -> Failure {
        match table::instead_of_retry(self.provider, status) {
            Some((action, circuit)) => Failure {
                retry_refused: true,
                action,
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
        ["x-request-id", "request-id", "cf-ray"]
            .iter()
            .find_map(|name| self.reply.headers.get(name))
            .filter(|id| (1..=200).contains(&id.len()))
            .filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic()))
            .map(str::to_owned)
    }
}

fn failure(row: Row, outcome: Outcome) -> Failure {
    Failure {
        row: Some(row),
        max_retries_of_kind: outcome.max_retries,
        budget: outcome.budget,
        circuit: outcome.circuit,
        backoff: outcome.backoff,
        possibly_billed: outcome.possibly_billed,
        ..Failure::ours(outcome.code, outcome.action, outcome.message)
    }
}
