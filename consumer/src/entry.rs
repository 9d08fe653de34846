//! What the runtime calls.

use crate::delivery::Batch;
use crate::redirects;
use crate::settings::{problems, run_settings, sweep_grace_seconds};
use crate::transport::WorkerTransport;
use redrive_shared::circuit::CircuitMemory;
use redrive_shared::cloudflare::{Bindings, Console, setting};
use redrive_shared::dead_letter;
use redrive_shared::log::{Event, Log};
use redrive_shared::ports::Ports;
use redrive_shared::run::{Disposition, run_delivery};
use redrive_shared::sweep::sweep;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::worker_sys::{Context, MessageBatch};
use worker::{Env, Method, Request, Response, ScheduleContext, ScheduledEvent, event};

/// Seconds until a delivery comes again that a wrong setting kept from being run.
const MISCONFIGURED_DELAY_SECONDS: u32 = 60;

/// What this isolate knows of the providers' circuits.
static CIRCUITS: CircuitMemory = CircuitMemory::new();

fn log_error(event: &'static str, message: impl Into<String>) {
    Console::default().write(Event::new(event).with("error.message", message.into()));
}

/// Readies the isolate.
#[event(start)]
fn start() {
    if redirects::refuse().is_err() {
        // Without this a key could follow a redirect: no request may leave the isolate.
        log_error(
            "redirects_not_refused",
            "the global fetch could not be replaced",
        );
        std::process::abort();
    }
}

/// Takes a delivery of either queue and gives every message one answer.
///
/// # Errors
/// What JavaScript threw when the batch could not be read or answered, which makes the platform
/// deliver it again. `#[event(queue)]` would panic there, and end other work in this isolate.
#[wasm_bindgen]
pub async fn queue(batch: MessageBatch, env: Env, _context: Context) -> Result<(), JsValue> {
    let batch = Batch::read(&batch)?;
    let bindings = Bindings::new(&env).map_err(|error| {
        log_error("binding_missing", error.to_string());
        JsValue::from(error)
    })?;
    let is_dead_letters =
        setting(&env, "DEAD_LETTER_QUEUE").is_some_and(|name| name == batch.queue);
    let dispositions = if is_dead_letters {
        dead_letter::receive(&bindings, &batch.delivered).await
    } else {
        match run_settings(&env) {
            Ok(settings) => {
                run_delivery(
                    &bindings,
                    &WorkerTransport::new(&env),
                    &settings,
                    &CIRCUITS,
                    &batch.delivered,
                )
                .await
            }
            Err(problem) => {
                log_error("misconfigured", problem);
                let delay_seconds = MISCONFIGURED_DELAY_SECONDS;
                vec![Disposition::Retry { delay_seconds }; batch.delivered.len()]
            }
        }
    };
    let retried = dispositions
        .iter()
        .filter(|disposition| matches!(disposition, Disposition::Retry { .. }))
        .count();
    bindings.log().conclude(
        Event::new("delivery")
            .with("queue", batch.queue.as_str())
            .with("messages", dispositions.len())
            .with("retried", retried),
    );
    batch.answer(&dispositions)
}

/// Runs the sweep, by the cron.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let bindings = match Bindings::new(&env) {
        Ok(bindings) => bindings,
        Err(error) => return log_error("binding_missing", error.to_string()),
    };
    match sweep_grace_seconds(&env) {
        Ok(grace_seconds) => {
            if let Err(error) = sweep(&bindings, grace_seconds).await {
                log_error("sweep_failed", error.to_string());
            }
        }
        Err(problem) => log_error("misconfigured", problem),
    }
}

/// Answers the producer's question whether this Worker can work: `GET /ready`. It has no public
/// address, so nobody else asks.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: worker::Context) -> worker::Result<Response> {
    if request.method() != Method::Get || request.path() != "/ready" {
        return Response::error("not found", 404);
    }
    Response::from_json(&problems(&env))
}
