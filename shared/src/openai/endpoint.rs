//! The interfaces that a batch may be for.

use serde::{Deserialize, Serialize};

/// Which of the vendor's interfaces the lines of a batch are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Endpoint {
    /// Chat completions.
    #[serde(rename = "/v1/chat/completions")]
    ChatCompletions,
    /// Responses.
    #[serde(rename = "/v1/responses")]
    Responses,
}

impl Endpoint {
    /// Every interface.
    pub const ALL: [Self; 2] = [Self::ChatCompletions, Self::Responses];

    /// The interface as it is written: the path that a line names as its `url`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
        }
    }

    /// The interface of a path; `None` when it is none of ours.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_written_everywhere_alike() {
        for endpoint in Endpoint::ALL {
            assert_eq!(serde_json::json!(endpoint), endpoint.as_str());
            assert_eq!(Endpoint::of_path(endpoint.as_str()), Some(endpoint));
        }
        assert_eq!(Endpoint::of_path("/v1/embeddings"), None);
    }
}
