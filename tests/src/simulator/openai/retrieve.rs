//! Responses that are queued, and `GET /v1/responses/{id}`, which asks for them.

use axum::http::StatusCode;
use axum::response::Response;

use crate::simulator::auth;
use crate::simulator::error_body::{Credentials, ErrorBody, Known, put};
use crate::simulator::exchange::{Exchange, created};
use crate::simulator::hint;
use crate::simulator::incoming::Incoming;
use crate::simulator::ledger::Outcome;
use crate::simulator::openai::errors::object;
use crate::simulator::openai::responses::{Draft, Standing};
use crate::simulator::reply::{Background, Failure};
use crate::simulator::route::{Format, Route};
use crate::simulator::sending::Sender;

/// Answers 200 with a response as it stands, 404 where there is none, 401 as for any call.
///
/// Only what was asked for in the background is kept. Every time counts as a call of the model.
pub(crate) fn retrieve(route: Route, incoming: &Incoming) -> Response {
    let provider = &incoming.provider;
    let id = incoming.named("id").unwrap_or_default();
    let known = Known {
        vendor: route.vendor,
        model: provider.desk.model_of(id).unwrap_or_default(),
        prompt_tokens: 0,
        sequence: provider.next_sequence(),
        credentials: Credentials::default(),
    };
    let call = provider.ledger.begin(incoming.caller(route, &known.model));
    let polled = auth::check(incoming, &known)
        .and_then(|()| provider.desk.poll(id).ok_or_else(|| not_found(id)));
    let (pending, standing) = match polled {
        Ok(polled) => polled,
        Err(error) => {
            call.finish(Some(error.status().as_u16()), Outcome::Fault);
            return error.into_response(known.vendor, known.sequence);
        }
    };
    call.finish(Some(200), outcome(standing));
    let draft = Draft {
        asked: &pending.asked,
        sequence: pending.sequence,
        created: pending.created,
    };
    let sender = Sender {
        vendor: known.vendor,
        sequence: known.sequence,
        cut: incoming.cut.clone(),
    };
    sender.good(draft.object(standing).to_string())
}

fn outcome(standing: Standing) -> Outcome {
    match standing {
        Standing::Queued | Standing::InProgress => Outcome::Pending,
        Standing::Cancelled | Standing::Failed(_) => Outcome::Fault,
        Standing::Whole(_) => Outcome::Answered,
    }
}

fn not_found(id: &str) -> ErrorBody {
    let message = format!("Response with id '{id}' not found.");
    let content = object(&message, "invalid_request_error", None, None);
    ErrorBody::json(StatusCode::NOT_FOUND, &content)
}

impl Exchange<'_> {
    pub(crate) fn draft(&self) -> Draft<'_> {
        Draft {
            asked: self.asked,
            sequence: self.known.sequence,
            created: created(),
        }
    }

    /// Keeps a response for later, and says that it is queued.
    pub(crate) fn queued(&self, background: Background) -> Response {
        let mut asked = self.asked.clone();
        asked.background = true;
        let draft = Draft {
            asked: &asked,
            ..self.draft()
        };
        let object = draft.object(Standing::Queued);
        let created = draft.created;
        let desk = &self.incoming.provider.desk;
        desk.keep(asked, background, self.known.sequence, created);
        self.sender().good(object.to_string())
    }

    /// A response that failed, with the hint of the error that stands for it elsewhere.
    pub(crate) fn failed(&self, code: &'static str, elsewhere: Failure) -> Response {
        if self.route.format != Format::Responses {
            let error = ErrorBody::of(elsewhere, self.known);
            return error.into_response(self.known.vendor, self.known.sequence);
        }
        let object = self.draft().object(Standing::Failed(code));
        let mut response = self.sender().good(object.to_string());
        let vendor = self.known.vendor;
        let headers = hint::headers(elsewhere.hint, vendor, 429, created());
        put(response.headers_mut(), headers);
        response
    }
}
