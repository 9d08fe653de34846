//! `GET /v1/models`: what can be asked for.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::simulator::provider::{Provider, request_id};

/// When the simulated models were made, in Unix seconds; the wire format wants an instant.
const CREATED: u64 = 1_735_689_600;

/// One model for each behaviour; those that take a number have their default.
const LISTED_MODELS: [&str; 44] = [
    "sim-ok",
    "sim-slow",
    "sim-hold",
    "sim-hang",
    "sim-big",
    "sim-huge",
    "sim-length",
    "sim-nousage",
    "sim-blank",
    "sim-null",
    "sim-filter",
    "sim-refusal",
    "sim-empty",
    "sim-error200",
    "sim-html200",
    "sim-truncated",
    "sim-reset",
    "sim-drop",
    "sim-redirect",
    "sim-400",
    "sim-401",
    "sim-402",
    "sim-403",
    "sim-404",
    "sim-408",
    "sim-409",
    "sim-413",
    "sim-422",
    "sim-429",
    "sim-500",
    "sim-502",
    "sim-503",
    "sim-504",
    "sim-524",
    "sim-529",
    "sim-context",
    "sim-quota",
    "sim-flaky",
    "sim-throttle",
    "sim-429-once",
    "sim-storm",
    "sim-outage",
    "sim-random",
    "sim-chaos",
];

/// `GET /v1/models`. Answers 200 with the list, 401 where a key is wanted and not given.
pub(crate) async fn list(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    if let Err(error) = provider.check_key(&headers) {
        return error.into_response(&request_id(provider.next_sequence()));
    }
    let models: Vec<_> = LISTED_MODELS
        .iter()
        .map(|id| {
            json!({
                "id": id,
                "object": "model",
                "created": CREATED,
                "owned_by": "redrive-simulator",
            })
        })
        .collect();
    Json(json!({"object": "list", "data": models})).into_response()
}

#[cfg(test)]
mod tests {
    use super::LISTED_MODELS;
    use crate::simulator::behaviour::{Behaviour, Reply};

    #[test]
    fn every_listed_model_has_a_behaviour() {
        for model in LISTED_MODELS {
            let named_404 = model == "sim-404";
            let unknown = Behaviour::of_model(model) == Behaviour::Always(Reply::UnknownModel);
            assert!(named_404 || !unknown, "{model}");
        }
    }
}
