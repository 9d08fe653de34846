use axum::body::to_bytes;
use axum::response::Response;
use http::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX)
            .await
            .expect("the body is in memory");
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).expect("the body is UTF-8"),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the body is JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("visible ASCII"))
    }

    /// The code of a problem; panics on any other answer.
    pub(crate) fn code(&self) -> String {
        self.json()["code"]
            .as_str()
            .expect("a problem has a code")
            .to_owned()
    }

    /// What the problem names under `errors`: pointers, and parameters after a `?`.
    pub(crate) fn named(&self) -> Vec<String> {
        let document = self.json();
        let errors = document["errors"]
            .as_array()
            .expect("the problem lists errors");
        errors
            .iter()
            .map(
                |error| match (error["pointer"].as_str(), error["parameter"].as_str()) {
                    (Some(pointer), None) => pointer.to_owned(),
                    (None, Some(parameter)) => format!("?{parameter}"),
                    both => panic!("either of the two: {both:?}"),
                },
            )
            .collect()
    }

    /// The body without what differs from request to request.
    pub(crate) fn without_request(&self) -> Value {
        let mut document = self.json();
        let object = document.as_object_mut().expect("an object");
        object.remove("requestId");
        object.remove("instance");
        document
    }

    /// What holds of every answer.
    pub(crate) fn check_headers(&self) {
        let id = self
            .header("x-request-id")
            .expect("every answer has a request id");
        assert!(id.starts_with("req_"), "{id}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
        assert!(self.header("cache-control").is_some());
        assert!(
            self.headers
                .keys()
                .all(|name| !name.as_str().starts_with("access-control"))
        );
        if self.header("content-type") == Some("application/problem+json") && !self.text.is_empty()
        {
            self.check_problem(id);
        }
    }

    fn check_problem(&self, request_id: &str) {
        let problem = self.json();
        let code = problem["code"].as_str().expect("a code");
        assert_eq!(problem["type"], format!("urn:redrive:problem:{code}"));
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["requestId"], request_id);
        assert!(
            problem["title"]
                .as_str()
                .is_some_and(|title| !title.is_empty())
        );
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(
            detail.ends_with('.') || detail.ends_with('`'),
            "a detail is a sentence: {detail}"
        );
        assert_eq!(self.header("cache-control"), Some("no-store"));
    }
}
