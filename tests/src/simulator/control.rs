//! What a test asks and tells the simulator, beside the wire format.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::simulator::catalogue;
use crate::simulator::ledger::Counts;
use crate::simulator::provider::Provider;

/// The routes.
pub(crate) fn routes() -> Router<Arc<Provider>> {
    Router::new()
        .route("/health", get(health))
        .route("/control/calls", get(counts))
        .route("/control/calls/{job}", get(calls))
        .route("/control/log", get(log))
        .route("/control/answered", get(answered))
        .route("/control/catalogue", get(all_models))
        .route("/control/models/{*model}", get(calls_of_model))
        .route("/control/release", post(release))
        .route("/control/reset", post(reset))
}

/// `GET /health`. Answers 200.
async fn health() -> Json<Value> {
    done()
}

/// `GET /control/calls`. Answers 200 with the counts.
async fn counts(State(provider): State<Arc<Provider>>) -> Json<Counts> {
    Json(provider.ledger.counts())
}

/// `GET /control/calls/{job}`. Answers 200 with the calls of a job; an unknown job has none.
async fn calls(State(provider): State<Arc<Provider>>, Path(job): Path<String>) -> Json<Value> {
    Json(json!({"calls": provider.ledger.calls_of(&job)}))
}

/// `GET /control/log`. Answers 200 with every call of every job, the earliest first.
async fn log(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(json!({"calls": provider.ledger.log()}))
}

/// `GET /control/catalogue`. Answers 200 with every model that can be asked for.
async fn all_models() -> Json<Value> {
    let models: Vec<Value> = catalogue::models()
        .into_iter()
        .map(|model| {
            json!({
                "name": model.name,
                "row": model.row,
                "vendors": model.vendors,
                "does": model.does,
            })
        })
        .collect();
    Json(json!({"models": models}))
}

/// `GET /control/answered`. Answers 200 with the number of good answers by job.
async fn answered(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(json!({"jobs": provider.ledger.answered()}))
}

/// `GET /control/models/{model}`. Answers 200 with the calls of a model; an unknown model has none.
async fn calls_of_model(
    State(provider): State<Arc<Provider>>,
    Path(model): Path<String>,
) -> Json<Value> {
    Json(json!({"calls": provider.ledger.calls_of_model(&model)}))
}

/// `POST /control/release`. Answers 200, and so do the calls that were held.
async fn release(State(provider): State<Arc<Provider>>) -> Json<Value> {
    provider.released.notify_waiters();
    done()
}

/// `POST /control/reset`. Answers 200; every call is forgotten.
async fn reset(State(provider): State<Arc<Provider>>) -> Json<Value> {
    provider.ledger.reset();
    provider.desk.clear();
    done()
}

fn done() -> Json<Value> {
    Json(json!({"status": "ok"}))
}
