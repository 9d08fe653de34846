//! The messages of one delivery, and what is to become of each.

use super::{GHOST_DELIVERIES, is_waiting, log_database_error, retry_delay_seconds};
use crate::clock::{Clock, Instant};
use crate::job::JobStanding;
use crate::log::{Event, Log};
use crate::message::{JobMessage, Undecodable};
use crate::ports::Ports;

/// The longest delay the platform takes, in seconds.
const MAX_DELAY_SECONDS: u32 = 86_400;

/// A message as the queue delivered it.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The queue's id of the message.
    pub id: String,
    /// The queue's name.
    pub queue: String,
    /// How often it was delivered, this time included.
    pub deliveries: u32,
    /// The body, when it is text.
    pub body: Option<String>,
}

impl Delivered {
    /// The job the message names.
    ///
    /// # Errors
    /// [`Undecodable`]: keep it for the operator.
    pub(crate) fn decode(&self) -> Result<JobMessage, Undecodable> {
        self.body
            .as_deref()
            .map_or(Err(Undecodable::NotText), JobMessage::decode)
    }
}

/// What is to become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// The queue may forget it.
    Acknowledge,
    /// The queue delivers it again.
    Retry {
        /// After so many seconds, at most a day.
        delay_seconds: u32,
    },
}

/// The messages of a delivery with what is decided so far.
pub(super) struct Board<'a> {
    rows: Vec<(
        &'a Delivered,
        Result<JobMessage, Undecodable>,
        Option<Disposition>,
    )>,
}

impl<'a> Board<'a> {
    pub(super) fn new(messages: &'a [Delivered]) -> Self {
        Self {
            rows: messages
                .iter()
                .map(|message| (message, message.decode(), None))
                .collect(),
        }
    }

    /// The jobs that messages name, each once.
    pub(super) fn jobs(&self) -> Vec<JobMessage> {
        let mut jobs: Vec<JobMessage> = Vec::with_capacity(self.rows.len());
        for (_, decoded, _) in &self.rows {
            if let Ok(job) = decoded
                && !jobs.contains(job)
            {
                jobs.push(job.clone());
            }
        }
        jobs
    }

    /// Decides for every message of `job`.
    pub(super) fn settle(&mut self, job: &JobMessage, disposition: Disposition) {
        for (_, decoded, decided) in &mut self.rows {
            if decoded.as_ref() == Ok(job) {
                *decided = Some(disposition);
            }
        }
    }

    /// Decides for a message whose job this delivery did not get.
    pub(super) fn settle_unclaimed(
        &mut self,
        ports: &impl Ports,
        job: &JobMessage,
        standing: Option<&JobStanding>,
        now: Instant,
    ) {
        let deliveries = self.deliveries(job);
        let disposition = match standing {
            None if deliveries <= GHOST_DELIVERIES => Disposition::Retry { delay_seconds: 5 },
            None => {
                let event = Event::new("ghost_message").with("job.id", job.job_id.as_str());
                ports.log().write(event.with("deliveries", deliveries));
                Disposition::Acknowledge
            }
            // Past its deadline: the sweep dead-letters it.
            Some(standing) if standing.deadline_at <= now => Disposition::Acknowledge,
            Some(standing) if is_waiting(standing.state) => Disposition::Retry {
                delay_seconds: seconds_until(standing.due_at, now),
            },
            Some(_) => Disposition::Acknowledge,
        };
        self.settle(job, disposition);
    }

    fn deliveries(&self, job: &JobMessage) -> u32 {
        self.rows
            .iter()
            .filter(|(_, decoded, _)| decoded.as_ref() == Ok(job))
            .map(|(message, ..)| message.deliveries)
            .max()
            .unwrap_or(1)
    }

    /// Asks for redelivery of everything not decided yet.
    pub(super) fn retry_rest(&mut self, delay_seconds: u32) {
        for (_, _, decided) in &mut self.rows {
            decided.get_or_insert(Disposition::Retry { delay_seconds });
        }
    }

    /// What is decided, in the order of the delivery. A message nobody decided for comes again.
    pub(super) fn into_dispositions(mut self) -> Vec<Disposition> {
        self.retry_rest(5);
        self.rows
            .into_iter()
            .filter_map(|(_, _, decided)| decided)
            .collect()
    }
}

/// Whole seconds from `now` to `due`, rounded up, within what the platform takes.
pub(super) fn seconds_until(due: Option<Instant>, now: Instant) -> u32 {
    let millis = due.map_or(0, |due| due.millis_since(now)).max(0);
    u32::try_from(millis.saturating_add(999) / 1000)
        .unwrap_or(MAX_DELAY_SECONDS)
        .min(MAX_DELAY_SECONDS)
}

/// Keeps a message that cannot be decoded for the operator, and acknowledges it once it is kept.
pub(crate) async fn record_undecodable<P: Ports>(
    ports: &P,
    message: &Delivered,
    reason: &Undecodable,
) -> Disposition {
    let now = ports.clock().now();
    let reason = reason.to_string();
    let body = message.body.as_deref().unwrap_or_default();
    match ports
        .store()
        .record_undecodable(&message.id, &message.queue, &reason, body, now)
        .await
    {
        Ok(()) => {
            let event = Event::new("undecodable_message").with("message.id", message.id.as_str());
            ports.log().write(
                event
                    .with("queue", message.queue.as_str())
                    .with("reason", reason),
            );
            Disposition::Acknowledge
        }
        Err(error) => {
            log_database_error(ports, "record_undecodable_failed", &error);
            Disposition::Retry {
                delay_seconds: retry_delay_seconds(&error),
            }
        }
    }
}

/// Records every message of the delivery that cannot be decoded.
pub(super) async fn record_all_undecodable<P: Ports>(ports: &P, board: &mut Board<'_>) {
    for (message, decoded, decided) in &mut board.rows {
        if let Err(reason) = decoded {
            *decided = Some(record_undecodable(ports, message, reason).await);
        }
    }
}
