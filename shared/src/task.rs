//! Tasks: what goes on step by step, each step in an invocation of its own.
//!
//! A message says that a batch or a replay has a step to take. The row is the promise: it says when
//! the next step is due, and counts the steps, so that of two at once one takes effect. A message
//! that gets lost is sent again by the sweep.

use crate::batch::step;
use crate::clock::{Clock, Instant};
use crate::configuration::Configuration;
use crate::database::DatabaseError;
use crate::log::{Event, Log};
use crate::message::{Task, TaskMessage, Undecodable};
use crate::ports::Ports;
use crate::queue::{Queue, log_send_failed};
use crate::replays;
use crate::run::{Delivered, Disposition, record_undecodable, retry_delay_seconds};
use std::time::Duration;

/// What follows a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another step, due at this instant.
    At(Instant),
    /// None: it has ended, waits for somebody, or another step was taken meanwhile.
    Nothing,
}

/// A step that is due so soon is waited for, in milliseconds; one that is due later has a message of
/// its own.
const WAITED_FOR_MS: i64 = 1_100;

/// Waits for a step that is due soon. Answers `false` for one that is due later.
pub(crate) async fn wait_until_due(clock: &impl Clock, due_at: Instant) -> bool {
    let early = due_at.millis_since(clock.now());
    if early > WAITED_FOR_MS {
        return false;
    }
    if let Ok(early @ 1..) = u64::try_from(early) {
        clock.sleep(Duration::from_millis(early)).await;
    }
    true
}

/// Takes the step of each message, and sends the message of the step after it.
///
/// Never fails: a step that fails is logged, and its message delivered again.
pub async fn receive<P: Ports>(
    ports: &P,
    configuration: &Configuration,
    messages: &[Delivered],
) -> Vec<Disposition> {
    let mut dispositions = Vec::with_capacity(messages.len());
    for message in messages {
        let decoded = message.body.as_deref();
        let decoded = decoded.map_or(Err(Undecodable::NotText), TaskMessage::decode);
        dispositions.push(match decoded {
            Ok(task) => take_step(ports, configuration, &task, message.deliveries).await,
            Err(reason) => record_undecodable(ports, message, &reason).await,
        });
    }
    dispositions
}

async fn take_step<P: Ports>(
    ports: &P,
    configuration: &Configuration,
    message: &TaskMessage,
    deliveries: u32,
) -> Disposition {
    match step(ports, configuration, message).await {
        Ok(Next::Nothing) => Disposition::Acknowledge,
        Ok(Next::At(due_at)) => {
            send(ports, message, due_at).await;
            Disposition::Acknowledge
        }
        Err(error) => {
            let (name, id) = match &message.task {
                Task::Batch(batch) => ("batch.id", batch.as_str()),
                Task::Replay(replay) => ("replay.id", replay.as_str()),
            };
            ports.log().write(
                Event::new("step_failed")
                    .with(name, id)
                    .with("error.code", error.code())
                    .with("error.message", error.to_string()),
            );
            Disposition::Retry {
                delay_seconds: retry_delay_seconds(&error, deliveries),
            }
        }
    }
}

/// Sends the message of a step that is due at an instant. When it is not taken, the sweep sends it.
pub(crate) async fn send<P: Ports>(ports: &P, message: &TaskMessage, due_at: Instant) {
    let millis = due_at.millis_since(ports.clock().now()).max(0);
    let delay_seconds = u32::try_from(millis / 1000).unwrap_or(u32::MAX);
    if let Err(error) = ports
        .tasks()
        .send(vec![message.encode()], delay_seconds)
        .await
    {
        log_send_failed(ports, "tasks", 1, &error);
    }
}

async fn step<P: Ports>(
    ports: &P,
    configuration: &Configuration,
    message: &TaskMessage,
) -> Result<Next, DatabaseError> {
    match &message.task {
        Task::Batch(batch) => step::step(ports, configuration, &message.tenant_id, batch).await,
        Task::Replay(replay) => {
            replays::step::step(ports, configuration, &message.tenant_id, replay).await
        }
    }
}
