//! Word of dead letters: sent to their queue, and received from it. Nothing here changes a job: the
//! rows were written before.
//!
//! Our own messages tell of jobs that are already in `dead_lettered`.
//! Others were moved here by the platform, because they were delivered too often; their jobs still
//! stand in the database, and the sweep sends or ends them by their own policy. So it is with the
//! steps of batches and replays.

pub mod filter;
pub mod purge;

use crate::database::DatabaseError;
use crate::job::JobStanding;
use crate::log::{Event, Log};
use crate::message::{DeadLetterMessage, JobMessage, Task, TaskMessage};
use crate::ports::Ports;
use crate::queue::{Queue, log_send_failed};
use crate::repeat::repeat;
use crate::run::{Delivered, Disposition, record_undecodable};

/// Sends word of dead letters. The rows are the truth: what is not sent is only logged.
pub(crate) async fn tell<P: Ports>(ports: &P, letters: Vec<DeadLetterMessage>) {
    if letters.is_empty() {
        return;
    }
    let bodies = letters.iter().map(DeadLetterMessage::encode).collect();
    if let Err(error) = ports.dead_letters().send(bodies, 0).await {
        log_send_failed(ports, "dead_letters", letters.len(), &error);
    }
}

/// Logs every message with the state of its job, and acknowledges it.
///
/// A message that cannot be decoded is kept for the operator first; only when that fails is it
/// delivered again.
pub async fn receive<P: Ports>(ports: &P, messages: &[Delivered]) -> Vec<Disposition> {
    let decoded: Vec<_> = messages.iter().map(Delivered::decode).collect();
    let jobs: Vec<JobMessage> = decoded.iter().flatten().cloned().collect();
    let standings = if jobs.is_empty() {
        Ok(Vec::new())
    } else {
        repeat(ports.clock(), || ports.store().look_up(&jobs)).await
    };
    let mut dispositions = Vec::with_capacity(messages.len());
    for (message, decoded) in messages.iter().zip(decoded) {
        let disposition = match decoded {
            Ok(job) => {
                log_letter(ports, message, &job, standings.as_deref());
                Disposition::Acknowledge
            }
            Err(reason) => match message.body.as_deref().map(TaskMessage::decode) {
                Some(Ok(task)) => {
                    log_step(ports, message, &task);
                    Disposition::Acknowledge
                }
                Some(Err(_)) | None => record_undecodable(ports, message, &reason).await,
            },
        };
        dispositions.push(disposition);
    }
    dispositions
}

/// The message of a step that was delivered too often. Its row is due, and the sweep sends another.
fn log_step(ports: &impl Ports, message: &Delivered, task: &TaskMessage) {
    let (name, id) = match &task.task {
        Task::Batch(batch) => ("batch.id", batch.as_str()),
        Task::Replay(replay) => ("replay.id", replay.as_str()),
    };
    ports.log().write(
        Event::new("dead_letter")
            .with(name, id)
            .with("tenant.id", task.tenant_id.as_str())
            .with("deliveries", message.deliveries),
    );
}

fn log_letter(
    ports: &impl Ports,
    message: &Delivered,
    job: &JobMessage,
    standings: Result<&[JobStanding], &DatabaseError>,
) {
    let state = match standings {
        Ok(standings) => standings
            .iter()
            .find(|standing| standing.id == job.job_id && standing.tenant_id == job.tenant_id)
            .map_or("unknown", |standing| standing.state.as_str()),
        Err(_) => "unread",
    };
    ports.log().write(
        Event::new("dead_letter")
            .with("job.id", job.job_id.as_str())
            .with("tenant.id", job.tenant_id.as_str())
            .with("state", state)
            .with("deliveries", message.deliveries),
    );
}
