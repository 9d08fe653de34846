//! Problems of the routes that speak for OpenAI: its own envelope, with its own statuses.

use super::{Problem, ProblemCode, Violation};
use crate::answer::Answer;
use http::StatusCode;
use http::header::HeaderName;
use redrive_shared::openai::{ErrorEnvelope, path};

/// What the paths of these routes begin with.
const PREFIX: &str = "/v1/";

/// The most violations that a message tells; the first is the one that `param` names.
const TOLD: usize = 5;

/// Asks the vendor's clients not to send again what cannot succeed: they repeat every 409.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// Whether a path is one of these routes, served or not.
pub(crate) fn is_for(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// The status of a problem here: what is 422 elsewhere is 400.
pub(crate) fn status(code: ProblemCode) -> StatusCode {
    match code.status() {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        other => other,
    }
}

/// The code of a problem, as the vendor writes codes.
pub(crate) fn code(code: ProblemCode) -> String {
    code.as_str().replace('-', "_")
}

impl Problem {
    /// The problem in the envelope.
    pub(super) fn into_envelope(self) -> Answer {
        let (status, code) = (status(self.code), code(self.code));
        let param = self.violations.first().and_then(name);
        let message = if self.violations.is_empty() {
            self.detail
        } else {
            let told = self.violations.iter().take(TOLD).map(told);
            told.collect::<Vec<_>>().join("; ")
        };
        let envelope = ErrorEnvelope::new(status.as_u16(), code, message, param);
        let body = serde_json::to_string(&envelope).unwrap_or_default();
        let mut answer = Answer::text(status, body);
        if status == StatusCode::CONFLICT {
            answer = answer.with(SHOULD_RETRY, "false");
        }
        self.headers
            .into_iter()
            .fold(answer, |answer, (name, value)| answer.with(name, &value))
    }
}

/// The parameter of a violation by the vendor's name; `None`: the whole body.
fn name(violation: &Violation) -> Option<String> {
    let pointer = violation.pointer.as_deref().map(path);
    let name = violation.parameter.clone().or(pointer);
    name.filter(|name| !name.is_empty())
}

fn told(violation: &Violation) -> String {
    let detail = &violation.detail;
    name(violation).map_or_else(
        || format!("The body {detail}"),
        |name| format!("`{name}` {detail}"),
    )
}
