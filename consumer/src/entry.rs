//! What the runtime calls.

use crate::delivery::Batch;
use crate::redirects;
use crate::settings::{configuration, problems, run_settings, sweep_grace_seconds};
use crate::transport::WorkerTransport;
use redrive_shared::circuit::CircuitMemory;
use redrive_shared::cloudflare::{Bindings, Console, setting};
use redrive_shared::dead_letter;
use redrive_shared::log::{Event, Log};
use redrive_shared::ports::Ports;
use redrive_shared::queue::Lane;
use redrive_shared::run::{Disposition, run_delivery};
use redrive_shared::sweep::sweep;
use redrive_shared::task;
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

/// Takes a delivery of any of its queues and gives every message one answer.
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
    let dispositions = match take(&bindings, &env, &batch).await {
        Ok(dispositions) => dispositions,
        Err(problem) => {
            log_error("misconfigured", problem);
            let delay_seconds = MISCONFIGURED_DELAY_SECONDS;
            vec![Disposition::Retry { delay_seconds }; batch.delivered.len()]
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

/// Does what the messages of a queue ask for. A queue that no variable names carries single jobs.
///
/// # Errors
/// A sentence that names a wrong setting: nothing was done.
async fn take(bindings: &Bindings, env: &Env, batch: &Batch) -> Result<Vec<Disposition>, String> {
    let is = |variable| setting(env, variable).is_some_and(|name| name == batch.queue);
    if is("DEAD_LETTER_QUEUE") {
        return Ok(dead_letter::receive(bindings, &batch.delivered).await);
    }
    if is("TASK_QUEUE") {
        let configuration = configuration(env)?;
        return Ok(task::receive(bindings, &configuration, &batch.delivered).await);
    }
    let lane = Lane::of(is("BULK_JOB_QUEUE"));
    let settings = run_settings(env)?;
    let transport = WorkerTransport::new(env);
    Ok(run_delivery(
        bindings,
        &transport,
        &settings,
        &CIRCUITS,
        lane,
        &batch.delivered,
    )
    .await)
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
