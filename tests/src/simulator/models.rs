//! `GET /v1/models`: what can be asked for.

use std::collections::BTreeSet;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::simulator::error_body::{Credentials, Known};
use crate::simulator::incoming::Incoming;
use crate::simulator::route::Vendor;
use crate::simulator::{auth, catalogue};

/// When the simulated models were made, in Unix seconds; the wire format wants an instant.
const CREATED: u64 = 1_735_689_600;

/// What is listed of the models with a number: each with a number of its own.
const WITH_A_NUMBER: [&str; 23] = [
    "sim-slow",
    "sim-big",
    "sim-keep-alive",
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
    "sim-529",
    "sim-flaky",
    "sim-throttle",
    "sim-429-once",
    "sim-storm",
    "sim-outage",
];

/// The names that are listed, each once.
fn names() -> Vec<String> {
    let numbered = WITH_A_NUMBER.into_iter().chain(["sim-random", "sim-chaos"]);
    let rest = catalogue::models()
        .into_iter()
        .filter(|model| model.vendors.contains(&Vendor::OpenAi) && !model.name.contains('N'))
        .map(|model| model.name);
    let names: BTreeSet<String> = numbered.map(str::to_owned).chain(rest).collect();
    names.into_iter().collect()
}

/// `GET /v1/models`. Answers 200 with the list, 401 where a key is wanted and not given.
pub(crate) async fn list(incoming: Incoming) -> Response {
    let known = Known {
        vendor: Vendor::OpenAi,
        model: String::new(),
        prompt_tokens: 0,
        sequence: incoming.provider.next_sequence(),
        credentials: Credentials::default(),
    };
    if let Err(error) = auth::check(&incoming, &known) {
        return error.into_response(known.vendor, known.sequence);
    }
    let models: Vec<_> = names()
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
    use super::{Vendor, names};
    use crate::simulator::behaviour::Behaviour;
    use crate::simulator::reply::Reply;

    #[test]
    fn every_listed_model_has_a_behaviour() {
        let names = names();
        assert!(names.len() > 100);
        for model in names {
            let behaviour = Behaviour::of_model(&model, Vendor::OpenAi);
            assert_ne!(behaviour, Behaviour::Always(Reply::UnknownModel), "{model}");
        }
    }
}
