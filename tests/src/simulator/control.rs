//! What a test asks and tells the simulator, beside the wire format.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::simulator::ledger::Counts;
use crate::simulator::provider::Provider;

/// `GET /health`. Answers 200.
pub(crate) async fn health() -> Json<Value> {
    done()
}

/// `GET /control/calls`. Answers 200 with the counts.
pub(crate) async fn counts(State(provider): State<Arc<Provider>>) -> Json<Counts> {
    Json(provider.ledger.counts())
}

/// `GET /control/calls/{job}`. Answers 200 with the calls of a job; an unknown job has none.
pub(crate) async fn calls(
    State(provider): State<Arc<Provider>>,
    Path(job): Path<String>,
) -> Json<Value> {
    Json(json!({"calls": provider.ledger.calls_of(&job)}))
}

/// `GET /control/answered`. Answers 200 with the number of good answers by job.
pub(crate) async fn answered(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(json!({"jobs": provider.ledger.answered()}))
}

/// `GET /control/models/{model}`. Answers 200 with the calls of a model; an unknown model has none.
pub(crate) async fn calls_of_model(
    State(provider): State<Arc<Provider>>,
    Path(model): Path<String>,
) -> Json<Value> {
    Json(json!({"calls": provider.ledger.calls_of_model(&model)}))
}

/// `POST /control/release`. Answers 200, and so do the calls that were held.
pub(crate) async fn release(State(provider): State<Arc<Provider>>) -> Json<Value> {
    provider.released.notify_waiters();
    done()
}

/// `POST /control/reset`. Answers 200; every call is forgotten.
pub(crate) async fn reset(State(provider): State<Arc<Provider>>) -> Json<Value> {
    provider.ledger.reset();
    done()
}

fn done() -> Json<Value> {
    Json(json!({"status": "ok"}))
}
