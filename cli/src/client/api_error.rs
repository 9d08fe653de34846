//! What the server says when it refuses: a problem document, or what stands in the place of one.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::LOCATION;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How much of an answer is repeated that is no problem document.
const EXCERPT: usize = 200;

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The problem's code; `None` when somebody else than Redrive answered.
    pub(crate) code: Option<String>,
    /// What is wrong and what to do.
    pub(crate) detail: String,
    /// Names the request in the server's log.
    pub(crate) request_id: Option<String>,
    /// How long to wait before the next try, where the server said so.
    pub(crate) retry_after: Option<Duration>,
    /// The answer itself, when it is no problem document.
    pub(crate) body: Option<String>,
    /// Everything else that the problem document says.
    pub(crate) extensions: Map<String, Value>,
    /// What to do, where the command knows it and the code does not say it.
    pub(crate) hint: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProblemDocument {
    code: String,
    detail: Option<String>,
    title: Option<String>,
    request_id: Option<String>,
    #[serde(flatten)]
    extensions: Map<String, Value>,
}

impl ApiError {
    pub(super) async fn read(response: Response, retry_after: Option<Duration>) -> Self {
        let status = response.status().as_u16();
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let request_id = header("x-request-id");
        let location = header(LOCATION.as_str());
        let body = response.text().await.unwrap_or_default();
        Self {
            retry_after,
            ..Self::of_body(status, &body, request_id, location)
        }
    }

    fn of_body(
        status: u16,
        body: &str,
        request_id: Option<String>,
        location: Option<String>,
    ) -> Self {
        let Ok(problem) = serde_json::from_str::<ProblemDocument>(body) else {
            return Self {
                status,
                code: None,
                detail: without_document(status, body, location),
                request_id,
                retry_after: None,
                body: Some(body.to_owned()),
                extensions: Map::new(),
                hint: None,
            };
        };
        Self {
            status,
            code: Some(problem.code),
            detail: problem.detail.or(problem.title).unwrap_or_default(),
            request_id: problem.request_id.or(request_id),
            retry_after: None,
            body: None,
            extensions: problem.extensions,
            hint: None,
        }
    }

    /// Whether the problem has this code, however its words are joined.
    pub(crate) fn is(&self, code: &str) -> bool {
        self.code
            .as_ref()
            .is_some_and(|own| own.replace('_', "-") == code.replace('_', "-"))
    }

    /// Whether the same request may be served a little later. What the deployment lacks does not
    /// come by waiting.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.status, 408 | 429 | 500..=599)
            && self.status != 501
            && !self.is("misconfigured")
    }

    /// An extension member that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.extensions.get(name)?.as_str()
    }

    /// Every field, parameter or line that is wrong, each in one line.
    pub(crate) fn faults(&self) -> Vec<String> {
        ["errors", "lines"]
            .iter()
            .filter_map(|name| self.extensions.get(*name)?.as_array())
            .flatten()
            .map(fault)
            .collect()
    }

    /// What to do: what the command said, or what the code alone says to its user.
    pub(crate) fn hint(&self) -> Option<String> {
        if self.hint.is_some() {
            return self.hint.clone();
        }
        let code = self.code.as_deref()?.replace('_', "-");
        match code.as_str() {
            "unauthenticated" => {
                Some("`redrive doctor` says what is wrong with the key".to_owned())
            }
            "replay-running" => {
                let id = self.text("replayId")?;
                Some(format!("see `redrive replay status {id}`"))
            }
            "invalid-lines" => {
                // The server says what there is to do, by the name of its parameter.
                Some("the option of this command is --on-error skip".to_owned())
            }
            "count-changed" => {
                let count = self.extensions.get("count")?;
                Some(format!(
                    "look again with --dry-run, then give --expected-count {count}"
                ))
            }
            "route-not-found" => {
                Some("is the server older than this command? See `redrive doctor`".to_owned())
            }
            _ => self
                .retry_after
                .map(|after| format!("the server asks to wait for {} s", after.as_secs())),
        }
    }
}

/// One fault: a field, a parameter, or a line with the fields that are wrong in it.
pub(crate) fn fault(entry: &Value) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let detail = text("detail").unwrap_or_default();
    let place = match (entry.get("line"), text("pointer"), text("parameter")) {
        (Some(line), ..) => {
            let code = text("code").unwrap_or_default();
            format!("line {line} {code}")
        }
        (None, Some(pointer), _) => pointer.to_owned(),
        (None, None, Some(parameter)) => parameter.to_owned(),
        (None, None, None) => return detail.to_owned(),
    };
    let inner: Vec<String> = entry
        .get("errors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(fault)
        .collect();
    if inner.is_empty() {
        format!("{place}: {detail}")
    } else {
        format!("{place}: {}", inner.join("; "))
    }
}

/// Somebody between us and the server answered, or it is no Redrive.
fn without_document(status: u16, body: &str, location: Option<String>) -> String {
    if let Some(location) = location.filter(|_| (300..400).contains(&status)) {
        return format!(
            "The server sends elsewhere, to {location}. The key is not sent there: give that URL as \
             --url if it is right."
        );
    }
    let excerpt = crate::console::one_line(body, EXCERPT);
    if excerpt.is_empty() {
        "The answer is empty; it is not one of Redrive's.".to_owned()
    } else {
        format!("The answer is not one of Redrive's: {excerpt}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problem(body: &Value) -> ApiError {
        ApiError::of_body(422, &body.to_string(), None, None)
    }

    #[test]
    fn every_fault_is_one_line() {
        let error = problem(&json!({
            "code": "invalid_lines", "detail": "2 lines are not valid.", "requestId": "req_1",
            "errors": [{"pointer": "/maxTokens", "detail": "must be a whole number"},
                       {"parameter": "limit", "detail": "must be at most 100"}],
            "invalidLines": 2,
            "lines": [
                {"line": 3, "code": "invalid_json", "detail": "is not JSON"},
                {"line": 9, "code": "invalid_request", "detail": "see errors",
                 "errors": [{"pointer": "/prompt", "detail": "is required"}]},
            ],
        }));
        assert_eq!(
            error.faults(),
            [
                "/maxTokens: must be a whole number",
                "limit: must be at most 100",
                "line 3 invalid_json: is not JSON",
                "line 9 invalid_request: /prompt: is required",
            ]
        );
        assert!(error.is("invalid-lines") && error.is("invalid_lines"));
    }

    #[test]
    fn an_answer_of_somebody_else_is_told_apart() {
        let error = ApiError::of_body(502, "<html>\n<b>Bad gateway</b>", None, None);
        assert_eq!(error.code, None);
        assert_eq!(
            error.detail,
            "The answer is not one of Redrive's: <html> <b>Bad gateway</b>"
        );
        assert!(error.may_pass());
    }

    #[test]
    fn a_redirect_names_where_it_leads() {
        let location = Some("https://jobs.example.com/".to_owned());
        let error = ApiError::of_body(301, "", None, location);
        assert!(error.detail.contains("https://jobs.example.com/"));
        assert!(!error.may_pass());
    }

    #[test]
    fn waiting_does_not_help_a_deployment_that_is_not_set_up() {
        let body = json!({"code": "misconfigured", "detail": "x"}).to_string();
        assert!(!ApiError::of_body(503, &body, None, None).may_pass());
        let body = json!({"code": "storage-unavailable", "detail": "x"}).to_string();
        assert!(ApiError::of_body(503, &body, None, None).may_pass());
    }
}
